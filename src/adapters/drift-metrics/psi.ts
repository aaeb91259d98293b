import { defineDriftMetric } from '../../contracts/drift-metric.ts'
import { populationStabilityIndex } from '../../statistics/population-stability-index.ts'

export default defineDriftMetric({
  name: 'psi',
  title: 'Population stability index',
  definition: 'Σ (q − p) ln(q / p); ½ added to each count, so that empty bins do not explode',
  types: ['numeric', 'categorical'],
  measure: populationStabilityIndex,
  toScale: Math.sqrt,
  fromScale: (scaled) => scaled * scaled,
  defaultLimit: 0.2,
})

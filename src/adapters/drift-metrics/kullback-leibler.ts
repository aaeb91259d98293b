import { defineDriftMetric } from '../../contracts/drift-metric.ts'
import { kullbackLeibler } from '../../statistics/kullback-leibler.ts'

export default defineDriftMetric({
  name: 'kullback-leibler',
  title: 'Kullback-Leibler divergence',
  definition: 'Σ q ln(q / p), current q against reference p; ½ added to each count; not symmetric',
  types: ['numeric', 'categorical'],
  measure: (reference, current) => kullbackLeibler(reference, current),
  toScale: Math.sqrt,
  fromScale: (scaled) => scaled * scaled,
  defaultLimit: 0.1,
})

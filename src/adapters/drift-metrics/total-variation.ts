import { defineDriftMetric } from '../../contracts/drift-metric.ts'
import { totalVariation } from '../../statistics/total-variation.ts'

export default defineDriftMetric({
  name: 'total-variation',
  title: 'Total variation distance',
  definition: '½ Σ |p − q|; 0 to 1',
  types: ['numeric', 'categorical'],
  measure: totalVariation,
  toScale: (value) => value,
  fromScale: (scaled) => scaled,
  defaultLimit: 0.1,
})

import { defineDriftMetric } from '../../contracts/drift-metric.ts'
import { hellinger } from '../../statistics/hellinger.ts'

export default defineDriftMetric({
  name: 'hellinger',
  title: 'Hellinger distance',
  definition: '√(½ Σ (√p − √q)²); 0 to 1',
  types: ['numeric', 'categorical'],
  measure: hellinger,
  toScale: (value) => value,
  fromScale: (scaled) => scaled,
  defaultLimit: 0.1,
})

import { defineDriftMetric } from '../../contracts/drift-metric.ts'
import { meanCosineDistance } from '../../statistics/mean-vector.ts'

export default defineDriftMetric({
  name: 'mean-cosine-distance',
  title: 'Cosine distance of mean vectors',
  definition: '1 − cosine of the angle between the mean and that of the reference; 0 to 2',
  types: ['vector'],
  measure: meanCosineDistance,
  // it grows with the square of the means' distance
  toScale: Math.sqrt,
  fromScale: (scaled) => scaled ** 2,
  defaultLimit: 0.05,
})

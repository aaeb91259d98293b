import { defineDriftMetric } from '../../contracts/drift-metric.ts'
import { meanDistance } from '../../statistics/mean-vector.ts'

export default defineDriftMetric({
  name: 'mean-distance',
  title: 'Distance of mean vectors',
  definition: '‖mean − mean of the reference‖ / √(mean squared distance of the reference’s vectors to their mean)',
  types: ['vector'],
  measure: meanDistance,
  toScale: (value) => value,
  fromScale: (scaled) => scaled,
  defaultLimit: 0.25,
})

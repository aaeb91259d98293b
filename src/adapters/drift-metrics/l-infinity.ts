import { defineDriftMetric } from '../../contracts/drift-metric.ts'
import { lInfinity } from '../../statistics/l-infinity.ts'

export default defineDriftMetric({
  name: 'l-infinity',
  title: 'L∞ distance',
  definition: 'max |p − q|, the largest change of one bin; 0 to 1',
  types: ['numeric', 'categorical'],
  measure: lInfinity,
  toScale: (value) => value,
  fromScale: (scaled) => scaled,
  defaultLimit: 0.1,
})

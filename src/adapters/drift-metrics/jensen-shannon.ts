import { defineDriftMetric } from '../../contracts/drift-metric.ts'
import { jensenShannon } from '../../statistics/jensen-shannon.ts'

export default defineDriftMetric({
  name: 'jensen-shannon',
  title: 'Jensen-Shannon distance',
  definition: '√(½ KL(p‖m) + ½ KL(q‖m)), m = ½(p + q), natural logarithm; 0 to √ln 2',
  types: ['numeric', 'categorical'],
  measure: jensenShannon,
  toScale: (value) => value,
  fromScale: (scaled) => scaled,
  defaultLimit: 0.1,
})

import { defineDriftMetric } from '../../contracts/drift-metric.ts'
import { kolmogorovSmirnovOfCounts } from '../../statistics/kolmogorov-smirnov.ts'

export default defineDriftMetric({
  name: 'kolmogorov-smirnov',
  title: 'Kolmogorov-Smirnov distance',
  definition: 'largest |F − G| at the ends of the bins; 0 to 1',
  types: ['numeric'],
  measure: kolmogorovSmirnovOfCounts,
  toScale: (value) => value,
  fromScale: (scaled) => scaled,
  defaultLimit: 0.1,
})

import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

export default defineExpectation({
  kind: 'z_score',
  title: 'The values of a column lie within so many deviations of their mean',
  config: z.strictObject({ column: z.string(), at_most: z.number().positive(), mostly }),
  queries({ column, at_most }, relation) {
    const x = relation.number(column)
    return {
      found: `WITH (SELECT (avg(${x}), stddevPop(${x})) FROM ${relation.rows} AS p WHERE isFinite(${x})) AS m SELECT (countIf(isFinite(${x})), countIf(isFinite(${x}) AND abs(${x} - m.1) > ${at_most} * m.2)) AS value FROM ${relation.rows} AS p`,
    }
  },
  judge({ column, at_most, mostly: share }, { found }) {
    const [values = 0, far = 0] = (found as number[]).map(Number)
    const ok = values === 0 || far / values <= 1 - share + 1e-12
    return {
      ok,
      observed: { failing: far, values },
      message: ok
        ? `${column} lies within ${at_most} deviations`
        : `${far} of ${values} values of ${column} lie more than ${at_most} deviations from the mean`,
    }
  },
})

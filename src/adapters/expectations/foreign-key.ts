import { z } from 'zod'
import { keyOf } from '../../contracts/curation.ts'
import { defineExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

const quote = (name: string) => `o.\`${name.replace(/[\\`]/g, '\\$&')}\``

export default defineExpectation({
  kind: 'foreign_key',
  title: 'Every key is there in another dataset (its newest published version)',
  config: z.strictObject({
    columns: z.array(z.string()).min(1),
    dataset: z.string(),
    references: z.array(z.string()).min(1).optional().meta({ description: 'its columns; the same names when absent' }),
    mostly,
  }),
  datasets: ({ dataset }) => [dataset],
  queries({ columns, dataset, references = columns }, relation) {
    const other = relation.other(dataset)
    for (const name of references)
      if (!other.columns.some((column) => column.name === name))
        relation.fail(`the dataset ${dataset} has no column ${name}`, name)
    const own = columns.map((name) => relation.column(name).sql)
    const there = own.map((sql) => `${sql} IS NOT NULL`).join(' AND ')
    return {
      found: `SELECT (countIf(${there}), countIf(${there} AND ${keyOf(own)} NOT IN (SELECT ${keyOf(references.map(quote))} FROM ${other.sql} AS o))) AS value FROM ${relation.rows} AS p`,
    }
  },
  judge({ columns, dataset, mostly: share }, { found }) {
    const [values = 0, orphans = 0] = (found as number[]).map(Number)
    const ok = values === 0 || orphans / values <= 1 - share + 1e-12
    return {
      ok,
      observed: { failing: orphans, values },
      message:
        orphans === 0
          ? `Every ${columns.join(', ')} is in ${dataset}`
          : `${orphans} of ${values} rows have a ${columns.join(', ')} that is not in ${dataset}`,
    }
  },
})

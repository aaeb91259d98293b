import { z } from 'zod'
import { keyOf } from '../../contracts/curation.ts'
import { defineExpectation } from '../../contracts/expectation.ts'

const columns = z.array(z.string()).min(1)

export default defineExpectation({
  kind: 'unique',
  title: 'No two rows have the same values in these columns',
  config: z.union([
    z.string().transform((name) => [name]),
    columns,
    z.strictObject({
      columns,
      mostly: z
        .number()
        .min(0)
        .max(1)
        .default(1)
        .meta({ description: 'share of the rows that have their values alone' }),
    }),
  ]),
  statistics(config, relation): Record<string, string> {
    const names = Array.isArray(config) ? config : config.columns
    const values = names.map((name) => relation.column(name).sql)
    return {
      rows: 'count()',
      distinct: values.length === 1 ? `uniqExact(tuple(${values[0]}))` : `uniqExact(${keyOf(values)})`,
    }
  },
  judge(config, { rows, distinct }) {
    const [names, mostly] = Array.isArray(config) ? [config, 1] : [config.columns, config.mostly]
    const again = Number(rows) - Number(distinct)
    const ok = again <= Number(rows) * (1 - mostly)
    return {
      ok,
      observed: { duplicates: again },
      message:
        again === 0 ? `${names.join(', ')} is unique` : `${again} rows repeat the ${names.join(', ')} of another`,
    }
  },
})

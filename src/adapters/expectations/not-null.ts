import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

const columns = z.union([z.string().transform((name) => [name]), z.array(z.string()).min(1)])

export default defineExpectation({
  kind: 'not_null',
  title: 'These columns have a value in every row',
  config: z.union([
    columns,
    z.strictObject({
      columns: z.array(z.string()).min(1),
      mostly: z.number().min(0).max(1).default(1).meta({ description: 'share of rows that must' }),
    }),
  ]),
  statistics(config, relation) {
    const names = Array.isArray(config) ? config : config.columns
    return {
      rows: 'count()',
      ...Object.fromEntries(names.map((name) => [`missing ${name}`, `countIf(${relation.column(name).sql} IS NULL)`])),
    }
  },
  judge(config, statistics) {
    const [names, mostly] = Array.isArray(config) ? [config, 1] : [config.columns, config.mostly]
    const rows = Number(statistics.rows)
    const observed = Object.fromEntries(names.map((name) => [name, Number(statistics[`missing ${name}`])]))
    const bad = names.filter((name) => observed[name]! > rows * (1 - mostly))
    return {
      ok: bad.length === 0,
      observed,
      message:
        bad.length === 0
          ? mostly === 1
            ? `No value is missing in ${names.join(', ')}`
            : `Enough values are there in ${names.join(', ')}`
          : bad.map((name) => `${name} is missing in ${observed[name]} of ${rows} rows`).join('; '),
    }
  },
})

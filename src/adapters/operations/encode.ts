import { z } from 'zod'
import { allColumns, byGroup, defineOperation, mostGroups } from '../../contracts/curation.ts'

const value = z.union([z.string(), z.number(), z.boolean()])

export default defineOperation({
  kind: 'encode',
  title: 'Turn categories into numbers',
  config: z
    .strictObject({
      column: z.string(),
      method: z.enum(['one_hot', 'ordinal', 'frequency', 'hash']).meta({
        description:
          'one_hot: a column of 0 and 1 for each of values; ordinal: place in values, or in the sorted values found; frequency: share of rows; hash: a number below buckets',
      }),
      values: z.array(value).min(1).max(1000).optional(),
      buckets: z.number().int().min(2).max(1_000_000).default(1024),
      as: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .meta({ description: 'name of the new column; the column itself when absent' }),
      otherwise: z
        .enum(['missing', 'quarantine'])
        .default('missing')
        .meta({ description: 'what happens to a value that is not among values; 0 everywhere for one_hot' }),
    })
    .refine(
      (one) => one.method !== 'one_hot' || one.values,
      'one_hot needs its values, so that every version has the same columns',
    ),
  queries({ column, method, values }, relation): Record<string, string> {
    if (method === 'hash' || method === 'one_hot' || (method === 'ordinal' && values)) return {}
    const { sql } = relation.column(column)
    return {
      found: `SELECT groupArray(${mostGroups + 1})((v, n)) AS value FROM (SELECT toString(assumeNotNull(${sql})) AS v, count() AS n FROM ${relation.rows} AS p WHERE ${relation.live} AND ${sql} IS NOT NULL GROUP BY v ORDER BY v)`,
    }
  },
  compile({ column, method, values, buckets, as = column, otherwise }, relation, known) {
    const { sql, type } = relation.column(column)
    const others = allColumns(relation).filter(({ name }) => name !== as)
    const outside = values
      ? `${sql} IS NOT NULL AND ${sql} NOT IN (${values.map((one) => relation.literal(one, type)).join(', ')})`
      : undefined
    const verdicts =
      otherwise === 'quarantine' && outside
        ? [
            {
              when: outside,
              action: 'quarantine' as const,
              reason: `${column} is none of the values that are encoded`,
              value: sql,
            },
          ]
        : []
    if (method === 'one_hot')
      return {
        columns: [
          ...others.filter(({ name }) => name !== column),
          ...values!.map((one) => ({
            name: `${as}_${one}`,
            type: 'int' as const,
            sql: `toInt64(ifNull(${sql} = ${relation.literal(one, type)}, false))`,
          })),
        ],
        verdicts,
      }
    if (method === 'hash')
      return {
        columns: [
          ...others,
          {
            name: as,
            type: 'int',
            sql: `if(${sql} IS NULL, NULL, toInt64(sipHash64(toString(assumeNotNull(${sql}))) % ${buckets}))`,
          },
        ],
      }
    const found = (known.found ?? []) as [string, number][]
    if (found.length > mostGroups) relation.fail(`${column} has more than ${mostGroups} values`, column)
    const pairs = Array.isArray(found[0]) ? found : []
    const all = pairs.reduce((sum, [, n]) => sum + Number(n), 0)
    const codes: [string, number][] =
      method === 'frequency'
        ? pairs.map(([v, n]) => [v, Number(n) / all])
        : (values?.map(String) ?? pairs.map(([v]) => v)).map((v, i) => [v, i])
    const code = byGroup(`toString(assumeNotNull(${sql}))`, codes, relation, 'nan')
    const coded = `if(${sql} IS NULL, NULL, nullIf(${code}, nan))`
    return {
      columns: [
        ...others,
        method === 'ordinal'
          ? { name: as, type: 'int', sql: `accurateCastOrNull(${coded}, 'Int64')` }
          : { name: as, type: 'float', sql: coded },
      ],
      verdicts,
    }
  },
})

import { z } from 'zod'
import { allColumns, defineOperation } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'sample',
  title: 'Keep a random part of the rows, the same at every run; the others are removed and counted',
  config: z
    .strictObject({
      share: z.number().positive().max(1).optional(),
      rows: z.number().int().positive().optional(),
      by: z.array(z.string()).min(1).optional().meta({ description: 'so many rows of each group of these columns' }),
      seed: z.number().int().default(1),
    })
    .refine((one) => (one.share === undefined) !== (one.rows === undefined), 'needs exactly one of share and rows')
    .refine(
      (one) => one.by === undefined || one.rows !== undefined,
      'a share is the same share of every group already',
    ),
  queries({ rows, by, seed }, relation): Record<string, string> {
    if (rows === undefined || by) return {}
    return {
      last: `SELECT toString(max(h)) AS value FROM (SELECT ${hash(relation.position, seed)} AS h FROM ${relation.rows} AS p WHERE ${relation.live} ORDER BY h LIMIT ${rows})`,
    }
  },
  compile({ share, rows, by, seed }, relation, { last }) {
    const draw = hash(relation.position, seed)
    const groups = by?.map((name) => relation.column(name).sql)
    const left = groups
      ? `row_number() OVER (PARTITION BY ${[relation.live, ...groups].join(', ')} ORDER BY ${draw}) > ${rows}`
      : rows === undefined
        ? `${draw} / 18446744073709551616 >= ${share}`
        : `${draw} > toUInt64('${/^\d+$/.test(String(last)) ? last : 0}')`
    return {
      columns: allColumns(relation),
      verdicts: [{ when: left, action: 'remove', reason: 'not in the sample' }],
    }
  },
})

const hash = (position: string, seed: number) => `sipHash64(${position}, toInt64(${seed}))`

import { z } from 'zod'
import { allColumns, byGroup, defineOperation, groupOf, mostGroups } from '../../contracts/curation.ts'

const mostCopies = 4000

export default defineOperation({
  kind: 'balance',
  title: 'Make groups equally large: larger ones lose rows by chance, or smaller ones repeat theirs',
  config: z.strictObject({
    by: z.array(z.string()).min(1),
    method: z.enum(['under', 'over']).default('under').meta({ description: 'under: remove rows; over: repeat rows' }),
    rows: z
      .number()
      .int()
      .positive()
      .optional()
      .meta({ description: 'of each group; the smallest (under) or largest (over) group when absent' }),
    seed: z.number().int().default(1),
  }),
  queries: ({ by }, relation) => ({
    groups: `SELECT groupArray(${mostGroups + 1})((k, n)) AS value FROM (SELECT ${groupOf(by.map((name) => relation.column(name).sql))} AS k, count() AS n FROM ${relation.rows} AS p WHERE ${relation.live} GROUP BY k ORDER BY k)`,
  }),
  compile({ by, method, rows, seed }, relation, known) {
    const groups = known.groups as [string, number][]
    const columns = allColumns(relation)
    if (!Array.isArray(groups[0])) return { columns }
    if (groups.length > mostGroups)
      relation.fail(`there are more than ${mostGroups} groups of ${by.join(', ')}`, by[0]!)
    const sizes = groups.map(([, n]) => Number(n))
    const target = rows ?? (method === 'under' ? Math.min(...sizes) : Math.max(...sizes))
    const own = by.map((name) => relation.column(name).sql)
    const draw = `row_number() OVER (PARTITION BY ${[relation.live, ...own].join(', ')} ORDER BY sipHash64(${relation.position}, toInt64(${seed})))`
    if (method === 'under')
      return {
        columns,
        verdicts: [
          {
            when: `${draw} > ${target}`,
            action: 'remove',
            reason: `its ${by.join(', ')} has more than ${target} rows`,
          },
        ],
      }
    const most = Math.ceil(target / Math.min(...sizes))
    if (most > mostCopies) relation.fail(`a row would be repeated ${most} times, more than ${mostCopies}`, by[0]!)
    const size = byGroup(
      groupOf(own),
      groups.map(([k, n]) => [k, Number(n)]),
      relation,
      '1.',
    )
    // every row as often as goes, and the first of the shuffled ones once more
    const times = `if(${relation.live}, toUInt64(greatest(1, intDiv(${target}, toUInt64(${size})) + (${draw} <= ${target} % toUInt64(${size})))), 1)`
    return {
      columns,
      copy: 'p.__copy',
      from: `(SELECT *, arrayJoin(range(__times)) AS __copy FROM (SELECT p.*, ${times} AS __times FROM ${relation.rows} AS p)) AS p`,
    }
  },
})

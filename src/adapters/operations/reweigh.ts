import { z } from 'zod'
import { allColumns, byGroup, defineOperation, groupOf, mostGroups } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'reweigh',
  title:
    'Add weights that make the label independent of the group: share of group × share of label ÷ share of both (Kamiran & Calders 2012)',
  config: z.strictObject({
    by: z.array(z.string()).min(1).meta({ description: 'columns of the group' }),
    label: z.string().optional().meta({ description: 'without it each group weighs the same in all' }),
    as: z.string().min(1).max(200).default('weight'),
  }),
  queries({ by, label }, relation) {
    const group = groupOf(by.map((name) => relation.column(name).sql))
    const of = label === undefined ? "''" : groupOf([relation.column(label).sql])
    return {
      counts: `SELECT groupArray(${mostGroups + 1})((g, l, n)) AS value FROM (SELECT ${group} AS g, ${of} AS l, count() AS n FROM ${relation.rows} AS p WHERE ${relation.live} GROUP BY g, l ORDER BY g, l)`,
    }
  },
  compile({ by, label, as }, relation, known) {
    const counts = known.counts as [string, string, number][]
    const columns = allColumns(relation).filter(({ name }) => name !== as)
    if (!Array.isArray(counts[0])) return { columns: [...columns, { name: as, type: 'float', sql: '1.' }] }
    if (counts.length > mostGroups) relation.fail(`there are more than ${mostGroups} groups`, by[0]!)
    const all = counts.reduce((sum, [, , n]) => sum + n, 0)
    const sum = (pick: (one: [string, string, number]) => string) => {
      const found = new Map<string, number>()
      for (const one of counts) found.set(pick(one), (found.get(pick(one)) ?? 0) + one[2])
      return found
    }
    const [groups, labels] = [sum(([g]) => g), sum(([, l]) => l)]
    const weights = counts.map(([g, l, n]): [string, number] => [
      `${g}\x1e${l}`,
      label === undefined ? all / groups.size / n : (groups.get(g)! * labels.get(l)!) / all / n,
    ])
    const group = groupOf(by.map((name) => relation.column(name).sql))
    const key = `concat(${group}, '\\x1E', ${label === undefined ? "''" : groupOf([relation.column(label).sql])})`
    return { columns: [...columns, { name: as, type: 'float', sql: byGroup(key, weights, relation, '1.') }] }
  },
})

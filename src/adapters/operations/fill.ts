import { z } from 'zod'
import { defineOperation } from '../../contracts/curation.ts'

const value = z.union([z.number(), z.string(), z.boolean()])
const rule = z.union([
  value,
  z.strictObject({ with: z.enum(['mean', 'median', 'most_frequent', 'value']), value: value.optional() }),
])

const asRule = (given: z.infer<typeof rule>) =>
  typeof given === 'object' ? given : { with: 'value' as const, value: given }

export default defineOperation({
  kind: 'fill',
  title: 'Give missing values a value: a constant, or the mean, the median or the most frequent one',
  config: z.record(z.string(), rule),
  statistics(config, relation) {
    const aggregates: Record<string, string> = {}
    for (const [name, given] of Object.entries(config)) {
      const { sql } = relation.column(name)
      const live = `${relation.live} AND ${sql} IS NOT NULL`
      const kind = asRule(given).with
      if (kind === 'mean') aggregates[name] = `avgIf(${relation.number(name)}, ${live})`
      if (kind === 'median') aggregates[name] = `quantileExactIf(0.5)(${relation.number(name)}, ${live})`
      if (kind === 'most_frequent') aggregates[name] = `topKIf(1)(toString(${sql}), ${live})[1]`
    }
    return aggregates
  },
  compile(config, relation, statistics) {
    return {
      columns: relation.columns.map(({ name, type }) => {
        const column = relation.column(name)
        if (!Object.hasOwn(config, name)) return column
        const given = asRule(config[name]!)
        if (given.with === 'value')
          return { name, type, sql: `ifNull(${column.sql}, ${relation.literal(given.value, type)})` }
        const known = statistics[name]
        // nothing to learn from: what is missing stays missing
        if (known === null || known === undefined || known === '') return column
        if (given.with === 'most_frequent')
          return {
            name,
            type,
            sql: `ifNull(${column.sql}, ${relation.convert(relation.literal(known, 'text'), 'text', type)})`,
          }
        const filled = type === 'int' ? Math.round(Number(known)) : Number(known)
        return { name, type, sql: `ifNull(${column.sql}, ${relation.literal(filled, type)})` }
      }),
    }
  },
})

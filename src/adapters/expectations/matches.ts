import { z } from 'zod'
import { defineRowExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

export default defineRowExpectation({
  kind: 'matches',
  title: 'The texts of a column match a pattern, one of several, all of them, or none',
  config: z.strictObject({
    column: z.string(),
    patterns: z
      .union([
        z
          .string()
          .min(1)
          .transform((one) => [one]),
        z.array(z.string().min(1).max(1000)).min(1).max(100),
      ])
      .meta({ description: 'regular expressions (RE2)' }),
    match: z.enum(['any', 'all', 'none']).default('any'),
    mostly,
  }),
  columns: ({ column }) => [column],
  fails({ column, patterns, match }, relation) {
    const { sql, type } = relation.column(column)
    const text = type === 'text' ? sql : `toString(${sql})`
    for (const pattern of patterns)
      if (!isPattern(pattern)) relation.fail(`${pattern} is no regular expression`, pattern)
    const each = patterns.map((pattern) => `match(assumeNotNull(${text}), ${relation.literal(pattern, 'text')})`)
    if (match === 'none') return each.join(' OR ')
    return `NOT (${each.join(match === 'all' ? ' AND ' : ' OR ')})`
  },
  says: ({ patterns, match }) =>
    `matches ${match === 'any' && patterns.length === 1 ? '' : `${match} of `}${patterns.slice(0, 3).join(' · ')}`,
})

function isPattern(text: string): boolean {
  try {
    // RE2 writes flags at the beginning, which JavaScript does not know
    new RegExp(text.replace(/^\(\?[a-zA-Z]+\)/, ''), 'u')
    return true
  } catch {
    return false
  }
}

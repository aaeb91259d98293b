import { z } from 'zod'
import { defineRowExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

const relations = { equal: '=', different: '!=', less: '<', at_most: '<=', greater: '>', at_least: '>=' } as const
const value = z.union([z.string(), z.number(), z.boolean(), z.null()])

export default defineRowExpectation({
  kind: 'pair',
  title: 'The values of two columns stand in a relation, or are one of these pairs',
  config: z
    .strictObject({
      a: z.string(),
      b: z.string(),
      is: z.enum(Object.keys(relations) as [keyof typeof relations]).optional(),
      pairs: z
        .array(z.tuple([value, value]))
        .min(1)
        .max(10_000)
        .optional(),
      mostly,
    })
    .refine(
      (config) => (config.is === undefined) !== (config.pairs === undefined),
      'needs exactly one of is and pairs',
    ),
  columns: ({ a, b }) => [a, b],
  fails({ a, b, is, pairs }, relation) {
    const [left, right] = [relation.column(a), relation.column(b)]
    if (is !== undefined) {
      relation.condition(`\`${a}\` ${relations[is]} \`${b}\``)
      return `NOT (${left.sql} ${relations[is]} ${right.sql})`
    }
    const listed = pairs!
      .filter(([x, y]) => x !== null && y !== null)
      .map(([x, y]) => `(${relation.literal(x, left.type)}, ${relation.literal(y, right.type)})`)
    return `(assumeNotNull(${left.sql}), assumeNotNull(${right.sql})) NOT IN (${listed.join(', ')})`
  },
  says: ({ is }) => (is === undefined ? 'are one of the pairs' : `are in the relation ${is}`),
})

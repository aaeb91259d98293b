import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

const list = z
  .array(z.union([z.string(), z.number(), z.boolean()]))
  .min(1)
  .max(10_000)
const most = 20_000

export default defineExpectation({
  kind: 'values',
  title:
    'The set of values found in a column equals, contains or lies within a set; or the most frequent one is among these',
  config: z
    .strictObject({
      column: z.string(),
      equal: list.optional(),
      contain: list.optional(),
      within: list.optional(),
      most_frequent: list.optional(),
    })
    .refine(
      ({ column: _, ...one }) => Object.values(one).filter((value) => value !== undefined).length === 1,
      'needs exactly one of equal, contain, within and most_frequent',
    ),
  statistics({ column, most_frequent }, relation): Record<string, string> {
    const { sql } = relation.column(column)
    return most_frequent
      ? { top: `topK(1)(toString(assumeNotNull(if(${sql} IS NULL, NULL, ${sql}))))` }
      : { found: `arraySort(groupUniqArray(${most})(toString(${sql})))` }
  },
  judge({ column, equal, contain, within, most_frequent }, { found, top }) {
    if (most_frequent) {
      const [first] = (top ?? []) as string[]
      const ok = first === undefined || most_frequent.map(String).includes(first)
      return {
        ok,
        observed: first ?? null,
        message: `${first} is the most frequent value of ${column}${ok ? '' : `, not ${most_frequent.join(' or ')}`}`,
      }
    }
    const there = new Set(found as string[])
    const wanted = (equal ?? contain ?? within)!.map(String)
    const absent = equal || contain ? wanted.filter((value) => !there.has(value)) : []
    const strange = equal || within ? [...there].filter((value) => !wanted.includes(value)) : []
    const wrong = [
      ...(absent.length > 0 ? [`${column} has no ${absent.slice(0, 5).join(', ')}`] : []),
      ...(strange.length > 0 ? [`${column} has ${strange.slice(0, 5).join(', ')}, which was not expected`] : []),
    ]
    return {
      ok: wrong.length === 0,
      observed: [...there].slice(0, 50),
      message: wrong.length === 0 ? `The values of ${column} are as expected` : wrong.join('; '),
    }
  },
})

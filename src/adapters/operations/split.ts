import { z } from 'zod'
import { allColumns, defineOperation } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'split',
  rowByRow: true,
  title: 'Cut a text into several columns, at a separator or by the groups of a pattern',
  config: z
    .strictObject({
      column: z.string(),
      into: z.array(z.string().min(1).max(200)).min(1).max(100),
      at: z
        .string()
        .min(1)
        .max(100)
        .optional()
        .meta({ description: 'separator; what is left over stays in the last column' }),
      pattern: z
        .string()
        .min(1)
        .max(1000)
        .optional()
        .meta({ description: 'regular expression (RE2) with one group for each column' }),
      keep: z.boolean().default(false).meta({ description: 'keep the column itself' }),
      otherwise: z
        .enum(['missing', 'quarantine'])
        .default('missing')
        .meta({ description: 'what happens to a text that has not so many parts' }),
    })
    .refine((one) => (one.at === undefined) !== (one.pattern === undefined), 'needs exactly one of at and pattern'),
  compile({ column: name, into, at, pattern, keep, otherwise }, relation) {
    const { sql, type } = relation.column(name)
    if (type !== 'text') relation.fail(`${name} is ${type}, not a text`, name)
    const text = `ifNull(${sql}, '')`
    const parts =
      at === undefined
        ? `extractGroups(${text}, ${relation.literal(pattern, 'text')})`
        : `splitByString(${relation.literal(at, 'text')}, ${text}, ${into.length})`
    if (pattern !== undefined) checkPattern(pattern, into.length, (what) => relation.fail(what, pattern))
    // the engine drops what is beyond the last part, so that is cut off the text itself
    const rest = (i: number) =>
      at === undefined || i < into.length - 1
        ? `${parts}[${i + 1}]`
        : `arrayStringConcat(arraySlice(splitByString(${relation.literal(at, 'text')}, ${text}), ${into.length}), ${relation.literal(at, 'text')})`
    const made = into.map((part, i) => ({
      name: part,
      type: 'text' as const,
      sql: `if(${sql} IS NULL OR length(${parts}) <= ${i}, NULL, ${rest(i)})`,
    }))
    return {
      columns: [
        ...allColumns(relation).filter((one) => !into.includes(one.name) && (keep || one.name !== name)),
        ...made,
      ],
      verdicts:
        otherwise === 'missing'
          ? []
          : [
              {
                when: `${sql} IS NOT NULL AND length(${parts}) < ${into.length}`,
                action: 'quarantine',
                reason: `${name} has not ${into.length} parts`,
                value: sql,
              },
            ],
    }
  },
})

function checkPattern(pattern: string, groups: number, fail: (what: string) => never) {
  let found: number
  try {
    found = new RegExp(`${pattern}|`, 'u').exec('')!.length - 1
  } catch {
    fail('the pattern is no regular expression')
  }
  if (found! !== groups) fail(`the pattern has ${found!} groups for ${groups} columns`)
}

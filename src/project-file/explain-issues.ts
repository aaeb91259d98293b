import type { z } from 'zod'
import type { Finding } from './check-references.ts'
import { didYouMean } from './did-you-mean.ts'
import { schemaKeys } from './schema-keys.ts'

type Issue = z.core.$ZodIssue

/** zod's issues in words for people, with a hint where a name was mistyped; for unions the issues of the nearest branch. */
export function explainIssues(schema: z.ZodType, issues: readonly Issue[], prefix: PropertyKey[] = []): Finding[] {
  return issues.flatMap((issue) => explain(schema, issue, [...prefix, ...issue.path]))
}

function explain(schema: z.ZodType, issue: Issue, path: PropertyKey[]): Finding[] {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = schemaKeys(schema, path)
      return issue.keys.map((key) => {
        const hint = didYouMean(key, known)
        const rest = known.length > 0 && known.length <= 20 ? `; known are ${known.join(', ')}` : ''
        return {
          path: [...path, key],
          at: 'key',
          what: `the key ${key} is not known${hint ? `; did you mean ${hint}?` : rest}`,
        }
      })
    }
    case 'invalid_key':
      return issue.issues.map((inner) => ({
        path,
        at: 'key',
        what: `the name ${String(path.at(-1))}: ${inner.message}`,
      }))
    case 'invalid_value':
      return [{ path, at: 'value', what: oneOf(issue.values, issue.input) }]
    case 'invalid_union': {
      if (issue.errors.length === 0 && 'options' in issue)
        return [
          {
            path,
            at: 'value',
            what: oneOf(issue.options as string[], discriminatorOf(issue.input, issue.discriminator)),
          },
        ]
      const branch = nearestBranch(issue.errors)
      return branch
        ? explainIssues(schema, branch, path)
        : [{ path, at: 'value', what: 'has none of the forms that are possible here' }]
    }
    case 'invalid_type':
      if (issue.input === undefined)
        return [{ path, at: 'key', what: `${String(path.at(-1) ?? 'the document')} is missing` }]
      return [{ path, at: 'value', what: `must be ${article(issue.expected)}, not ${article(typeOf(issue.input))}` }]
    default:
      return [{ path, at: 'value', what: issue.message.replace(/^Invalid input: /, '') }]
  }
}

const discriminatorOf = (input: unknown, key: string | undefined) =>
  key !== undefined && typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[key] : input

const oneOf = (values: readonly unknown[], input: unknown) => {
  const options = values.map(String)
  const hint = typeof input === 'string' ? didYouMean(input, options) : undefined
  const given = input === undefined ? '' : `${JSON.stringify(input)} is not possible here; `
  return hint ? `${given}did you mean ${hint}?` : `${given}one of ${options.join(', ')}`
}

/** The branch that understood the most: whose issues lie deepest, then the one with fewest. */
const nearestBranch = (branches: readonly Issue[][]) =>
  [...branches]
    .filter((branch) => branch.length > 0)
    .sort((a, b) => missedKind(a) - missedKind(b) || depth(b) - depth(a) || a.length - b.length)[0]
const depth = (branch: readonly Issue[]) =>
  Math.max(...branch.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)))
/** A branch that wanted another type altogether is the last resort. */
const missedKind = (branch: readonly Issue[]) =>
  branch.some((issue) => issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value'))
    ? 1
    : 0

const typeOf = (value: unknown) =>
  value === null ? 'nothing' : Array.isArray(value) ? 'list' : typeof value === 'object' ? 'mapping' : typeof value
const words: Record<string, string> = {
  string: 'a text',
  record: 'a mapping',
  object: 'a mapping',
  mapping: 'a mapping',
  array: 'a list',
  list: 'a list',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  nothing: 'nothing',
}
const article = (type: string) => words[type] ?? type

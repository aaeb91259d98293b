import type { RunColumn } from '../../../api/types.ts'
import { isCondition } from '../run-query.ts'

/** What may stand at the cursor. */
export type Expected =
  | { kind: 'field'; typed: string }
  | { kind: 'operator'; field: string; typed: string }
  | { kind: 'value'; field: string; typed: string }
  | { kind: 'word'; typed: string }

export interface Place {
  expected: Expected
  /** what a completion replaces */
  from: number
  to: number
}

export interface Completion {
  text: string
  /** what it is */
  note: string
}

const attributes = ['run_name', 'status', 'start_time', 'end_time', 'user_id', 'run_id']
const numbers = new Set(['start_time', 'end_time'])
const tokens = /`[^`]*`?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|<=|>=|!=|[=<>(),]|[^\s=<>!(),'"`]+(?:`[^`]*`?)?|!/g

interface Token {
  text: string
  at: number
}

/** Reads what stands before the cursor, and says what is expected there. */
export function placeInFilter(filter: string, cursor: number): Place {
  const all: Token[] = [...filter.matchAll(tokens)].map((found) => ({ text: found[0], at: found.index }))
  const current = all.find(({ text, at }) => at < cursor && cursor <= at + text.length)
  const from = current && !/^[(,]$/.test(current.text) ? current.at : cursor
  const before = all.filter(({ at }) => at < from)
  const typed = filter.slice(from, cursor)
  const place = (expected: Expected): Place => ({
    expected,
    from,
    to: current && from === current.at ? current.at + current.text.length : cursor,
  })
  let state: 'field' | 'operator' | 'value' | 'word' = 'field'
  let field = ''
  let list = false
  for (const { text } of before) {
    const word = text.toUpperCase()
    if (state === 'field') {
      if (text === '(' || word === 'NOT') continue
      field = text
      state = 'operator'
    } else if (state === 'operator') {
      if (word === 'NOT') continue
      if (word === 'IS') state = 'word'
      else if (word === 'IN') list = true
      else if (text === '(' && list) state = 'value'
      else state = 'value'
    } else if (state === 'value') {
      if (text === ',' || text === '(') continue
      if (text === ')') {
        list = false
        state = 'word'
      } else if (!list) state = 'word'
    } else if (word === 'AND' || word === 'OR') state = 'field'
  }
  if (state === 'field') return place({ kind: 'field', typed })
  if (state === 'word') return place({ kind: 'word', typed })
  return place({ kind: state, field, typed })
}

/** `metrics.auc`, or with the key in backticks where the language needs them. */
export const quotedField = (field: string) => {
  const dot = field.indexOf('.')
  const key = field.slice(dot + 1)
  return dot < 0 || /^[\p{L}\p{N}_][\p{L}\p{N}_./:@$%+-]*$/u.test(key) ? field : `${field.slice(0, dot)}.\`${key}\``
}

/** `` params.`a b` `` → `params.a b` */
export const plainField = (field: string) => field.replaceAll('`', '')

export const quotedValue = (value: string) => `'${value.replaceAll("'", "''")}'`

const folders = { metric: 'metrics', param: 'params', tag: 'tags' } as const

/** What can stand at a place, best first; values of params and tags come from the server. */
export function completionsFor(
  expected: Expected,
  columns: readonly RunColumn[],
  values: readonly string[],
): Completion[] {
  const typed = plainField(expected.typed).toLowerCase()
  if (expected.kind === 'field') {
    const fields = [
      ...attributes.map((name) => ({ text: name, note: 'attribute' })),
      ...columns.map(({ kind, key, runs }) => ({
        text: `${folders[kind]}.${key}`,
        note: `${kind}, ${runs.toLocaleString('en')} ${runs === 1 ? 'run' : 'runs'}`,
      })),
    ]
    const at = ({ text }: Completion) => text.toLowerCase().indexOf(typed)
    const fitting = fields.filter((one) => at(one) >= 0)
    const begins = (one: Completion) =>
      at(one) === 0 || one.text.toLowerCase().split('.').slice(1).join('.').startsWith(typed)
    return [...fitting.filter(begins), ...fitting.filter((one) => !begins(one))]
      .slice(0, 12)
      .map(({ text, note }) => ({ text: quotedField(text), note }))
  }
  const starting = (all: [string, string][]) =>
    all
      .filter(([text]) => text.toLowerCase().startsWith(typed) && text.toLowerCase() !== typed)
      .map(([text, note]) => ({ text, note }))
  if (expected.kind === 'operator') {
    const isNumber = expected.field.startsWith('metric') || numbers.has(expected.field)
    return starting(
      isNumber
        ? [
            ['>', 'greater'],
            ['>=', 'at least'],
            ['<', 'less'],
            ['<=', 'at most'],
            ['=', 'equal'],
            ['!=', 'other than'],
            ['IS NULL', 'has none'],
            ['IS NOT NULL', 'has one'],
          ]
        : [
            ['=', 'equal'],
            ['!=', 'other than'],
            ['LIKE', '% stands for anything'],
            ['ILIKE', 'the same, whatever the case'],
            ['RLIKE', 'a regular expression, such as ^run-[0-9]+$'],
            ['IN', 'one of (…)'],
            ['IS NULL', 'has none'],
            ['IS NOT NULL', 'has one'],
          ],
    )
  }
  if (expected.kind === 'word')
    return starting([
      ['AND', 'both'],
      ['OR', 'one of them'],
    ])
  return values.map((value) => ({ text: quotedValue(value), note: '' }))
}

/** Whether a filter reads as a whole, or is just words of a name. */
export function isFinished(filter: string): boolean {
  if (!isCondition(filter) || /\)\s*$/.test(filter)) return true
  const { expected } = placeInFilter(filter, filter.length)
  if (expected.kind === 'word') return expected.typed === '' || /^(null|\))$/i.test(expected.typed)
  return (
    expected.kind === 'value' && (/^-?[\d.]+(e[+-]?\d+)?$/i.test(expected.typed) || /^(['"]).*\1$/.test(expected.typed))
  )
}

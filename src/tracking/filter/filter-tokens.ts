import { KedgeError } from '../../errors.ts'

export interface Token {
  kind: 'word' | 'quoted' | 'text' | 'number' | 'sign' | 'end'
  value: string
  /** position of its first character in the filter */
  at: number
}

const longest = 500_000
const around = 40

/** Points at the character where a filter goes wrong, counted from 1, and shows the part around it with a caret below. */
export function filterError(filter: string, at: number, what: string): KedgeError {
  const start = Math.max(0, at - around)
  const end = Math.min(filter.length, at + around)
  const before = start > 0 ? '…' : ''
  const near = `${before}${filter.slice(start, end)}${end < filter.length ? '…' : ''}`.replace(/[\s\p{C}]/gu, ' ')
  const caret = `${' '.repeat(before.length + at - start)}^`
  return new KedgeError('filter_invalid', { at: at + 1, what, near, caret })
}

const patterns: [Token['kind'] | 'space', RegExp][] = [
  ['space', /\s+/y],
  ['number', /-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y],
  ['quoted', /`[^`]*`/y],
  ['text', /'(?:[^']|'')*'|"(?:[^"]|"")*"/y],
  ['sign', /<=|>=|!=|<>|==|[=<>(),]/y],
  ['word', /[\p{L}\p{N}_][\p{L}\p{N}_./:@$%+-]*/uy],
]

/** Splits a filter; a word that ends in a dot goes on with the quoted key behind it. Errors: `filter_invalid`. */
export function filterTokens(filter: string): Token[] {
  if (filter.length > longest)
    throw filterError(filter, longest, `a filter has at most ${longest.toLocaleString('en')} characters`)
  const tokens: Token[] = []
  let at = 0
  next: while (at < filter.length) {
    for (const [kind, pattern] of patterns) {
      pattern.lastIndex = at
      const found = pattern.exec(filter)?.[0]
      if (found === undefined) continue
      if (kind !== 'space') tokens.push({ kind, value: unquoted(kind, found), at })
      at += found.length
      continue next
    }
    const open = /['"`]/.test(filter[at]!)
    throw filterError(filter, at, open ? 'this quote is not closed' : `unexpected ${JSON.stringify(filter[at])}`)
  }
  tokens.push({ kind: 'end', value: '', at: filter.length })
  return tokens
}

function unquoted(kind: Token['kind'], found: string): string {
  if (kind === 'quoted') return found.slice(1, -1)
  if (kind === 'text') return found.slice(1, -1).replaceAll(found[0]!.repeat(2), found[0]!)
  return found
}

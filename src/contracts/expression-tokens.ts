import { KedgeError } from '../errors.ts'

export interface Token {
  kind: 'number' | 'text' | 'name' | 'quoted' | 'sign' | 'end'
  /** the value: of a text without its quotes, of a name as written */
  text: string
  /** position of its first character, from 1 */
  at: number
}

const pattern =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|'(?<text>(?:[^'\\]|''|\\.)*)'|[`"](?<quoted>[^`"]+)[`"]|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<sign><=|>=|<>|!=|==|\|\||[-+*/%()<>=,]))/suy

/** The error `invalid_input` about an expression, with the position (characters from 0). */
export const expressionError = (text: string, at: number, what: string, cause?: unknown) =>
  new KedgeError(
    'invalid_input',
    { what: `The expression "${text.length > 120 ? `${text.slice(0, 117)}…` : text}": ${what} (at character ${at})` },
    { cause, todo: 'Correct the expression; its language is in the documentation of datasets.' },
  )

/** Cuts an expression into tokens; the last is `end`. Errors: `invalid_input` with the position. */
export function tokens(text: string): Token[] {
  if (text.length > 10_000) throw expressionError(text, 10_000, 'is longer than 10,000 characters')
  const found: Token[] = []
  let at = 0
  for (;;) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (!match) {
      const rest = /\S/.exec(text.slice(at))
      if (!rest) return [...found, { kind: 'end', text: '', at: text.length + 1 }]
      const position = at + rest.index
      throw expressionError(
        text,
        position + 1,
        rest[0] === "'" ? 'the text has no end' : `"${rest[0]}" has no meaning here`,
      )
    }
    const groups = match.groups!
    const kind = (['number', 'text', 'quoted', 'name', 'sign'] as const).find((name) => groups[name] !== undefined)!
    const value = groups[kind]!
    const length = match[0].trimStart().length
    at += match[0].length
    found.push({ kind, text: kind === 'text' ? withoutEscapes(value) : value, at: at - length + 1 })
  }
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', '0': '\0' }
const withoutEscapes = (text: string) =>
  text.replace(/''|\\(.)/gs, (whole, letter?: string) => (whole === "''" ? "'" : (escapes[letter!] ?? letter!)))

import { KedgeError } from '../errors.ts'
import type { SourceFormat } from './copybook-lines.ts'
import { copybookError, copybookTokens, type Token } from './copybook-tokens.ts'

interface Replacement {
  from: Token[]
  to: Token[]
  part?: 'leading' | 'trailing' | 'inside'
}

const deepest = 20
const is = (token: Token | undefined, word: string) => token?.kind === 'word' && token.text.toUpperCase() === word

/**
 * The tokens of a copybook with every COPY replaced by its member and every REPLACE done. `member` gives the text behind
 * a name. Errors: `source_unreadable` names the line; those of `member`.
 */
export async function copiedTokens(
  text: string,
  member: (name: string) => Promise<string>,
  format?: SourceFormat,
  depth = 0,
): Promise<Token[]> {
  if (depth > deepest)
    throw new KedgeError('source_unreadable', {
      source: '',
      what: `its copybooks include each other ${deepest} times deep`,
    })
  const tokens = copybookTokens(text, format)
  const out: Token[] = []
  let replacing: Replacement[] = []
  const add = (found: readonly Token[]) => out.push(...replace(found, replacing))
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i]!
    if (is(token, 'COPY')) {
      const { name, replacements, next } = copyStatement(tokens, i)
      add(replace(await copiedTokens(await member(name), member, format, depth + 1), replacements))
      i = next
    } else if (is(token, 'REPLACE')) {
      const end = endOf(tokens, i)
      replacing = is(tokens[i + 1], 'OFF') ? [] : replacementsOf(tokens.slice(i + 1, end))
      i = end + 1
    } else {
      const end = tokens.findIndex((other, j) => j > i && (is(other, 'COPY') || is(other, 'REPLACE')))
      add(tokens.slice(i, end < 0 ? tokens.length : end))
      i = end < 0 ? tokens.length : end
    }
  }
  return out
}

const endOf = (tokens: readonly Token[], from: number) => {
  const end = tokens.findIndex((token, i) => i > from && token.kind === 'end')
  if (end < 0) throw copybookError(tokens[from]!.line, `${tokens[from]!.text} without a period at its end`)
  return end
}

function copyStatement(tokens: readonly Token[], from: number) {
  const end = endOf(tokens, from)
  const name = tokens[from + 1]
  if (!name || name.kind === 'end') throw copybookError(tokens[from]!.line, 'a COPY without a name')
  const replacing = tokens.findIndex((token, i) => i > from && i < end && is(token, 'REPLACING'))
  return {
    name: name.text,
    replacements: replacing < 0 ? [] : replacementsOf(tokens.slice(replacing + 1, end)),
    next: end + 1,
  }
}

function replacementsOf(tokens: readonly Token[]): Replacement[] {
  const found: Replacement[] = []
  const operand = (token: Token | undefined, line: number): Token[] => {
    if (!token) throw copybookError(line, 'a replacement that is not whole')
    return token.kind === 'pseudo' ? token.tokens : [token]
  }
  for (let i = 0; i < tokens.length; ) {
    const { line } = tokens[i]!
    const part = is(tokens[i], 'LEADING') ? 'leading' : is(tokens[i], 'TRAILING') ? 'trailing' : undefined
    if (part) i++
    if (!is(tokens[i + 1], 'BY')) throw copybookError(line, 'a replacement without BY')
    const from = operand(tokens[i], line)
    const only = from.length === 1 ? from[0]!.text : ''
    // a tag such as :X: stands for a part of a word
    const tag = tokens[i]!.kind === 'pseudo' && /^[:(].*[:)]$/.test(only) ? ('inside' as const) : undefined
    found.push({ from, to: operand(tokens[i + 2], line), ...((part ?? tag) ? { part: (part ?? tag)! } : {}) })
    i += 3
  }
  return found
}

/** The first replacement that fits at a place is done; what it put there is not looked at again. */
function replace(tokens: readonly Token[], replacements: readonly Replacement[]): Token[] {
  if (replacements.length === 0) return [...tokens]
  const out: Token[] = []
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i]!
    const whole = replacements.find(
      ({ from, part }) => part === undefined && from.length > 0 && from.every((t, j) => same(t, tokens[i + j])),
    )
    if (whole) {
      out.push(...whole.to.map((t) => ({ ...t, line: token.line })))
      i += whole.from.length
      continue
    }
    let { text } = token
    if (token.kind === 'word') for (const replacement of replacements) text = replacePart(text, replacement)
    if (text !== '') out.push({ ...token, text } as Token)
    i++
  }
  return out
}

const same = (a: Token, b: Token | undefined) =>
  b !== undefined &&
  a.kind === b.kind &&
  (a.kind === 'word' ? a.text.toUpperCase() === b.text.toUpperCase() : a.text === b.text)

function replacePart(text: string, { from, to, part }: Replacement): string {
  if (part === undefined || from.length !== 1) return text
  const [old, fresh] = [from[0]!.text.toUpperCase(), to.map((token) => token.text).join(' ')]
  const upper = text.toUpperCase()
  if (part === 'leading') return upper.startsWith(old) ? fresh + text.slice(old.length) : text
  if (part === 'trailing') return upper.endsWith(old) ? text.slice(0, text.length - old.length) + fresh : text
  const at = upper.indexOf(old)
  return at < 0 ? text : replacePart(text.slice(0, at) + fresh + text.slice(at + old.length), { from, to })
}

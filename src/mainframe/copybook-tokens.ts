import { KedgeError } from '../errors.ts'
import { copybookLines, formatOf, type SourceFormat } from './copybook-lines.ts'

export type Token =
  | { kind: 'word'; text: string; line: number }
  | { kind: 'literal'; text: string; line: number; hexadecimal?: boolean }
  | { kind: 'end'; text: '.'; line: number }
  /** `==…==` of REPLACING and REPLACE */
  | { kind: 'pseudo'; text: string; tokens: Token[]; line: number }

/** Words that only steer a compiler's listing; they have no period. */
const listing = /^(EJECT|SKIP[123])$/i

/** The tokens of a copybook. Errors: `source_unreadable` names the line. */
export function copybookTokens(text: string, format: SourceFormat = formatOf(text)): Token[] {
  return copybookLines(text, format).flatMap(({ text: line, line: number }) => tokensOfLine(line, number))
}

function tokensOfLine(text: string, line: number): Token[] {
  const tokens: Token[] = []
  let i = 0
  while (i < text.length) {
    const c = text[i]!
    if (/[\s,;]/.test(c)) {
      i++
      continue
    }
    if (text.startsWith('==', i)) {
      const end = text.indexOf('==', i + 2)
      if (end < 0) throw copybookError(line, 'a pseudo-text (==…==) that does not end on its line')
      const inner = text.slice(i + 2, end)
      tokens.push({ kind: 'pseudo', text: inner.trim(), tokens: tokensOfLine(inner, line), line })
      i = end + 2
      continue
    }
    const literal = /^([xXzZnNgGhHbB]{0,2})(['"])/.exec(text.slice(i))
    if (literal) {
      const [whole, prefix, quote] = literal as unknown as [string, string, string]
      let value = ''
      i += whole.length
      for (;;) {
        const end = text.indexOf(quote, i)
        if (end < 0) throw copybookError(line, `a literal that does not end: ${quote}${text.slice(i, i + 20)}`)
        value += text.slice(i, end)
        i = end + 1
        if (text[i] !== quote) break
        value += quote
        i++
      }
      tokens.push({ kind: 'literal', text: value, line, ...(/x/i.test(prefix) ? { hexadecimal: true } : {}) })
      continue
    }
    const word = /^(?:(?!==)[^\s'"])+/.exec(text.slice(i))![0]
    i += word.length
    const bare = word.replace(/[.,;]+$/, '')
    if (bare !== '' && !listing.test(bare)) tokens.push({ kind: 'word', text: bare, line })
    if (word.slice(bare.length).includes('.')) tokens.push({ kind: 'end', text: '.', line })
  }
  return tokens
}

/** What is wrong with a copybook, and on which line. */
export const copybookError = (line: number, what: string, copybook = 'copybook') =>
  new KedgeError(
    'source_unreadable',
    { source: '', what: `line ${line} of the ${copybook} has ${what}` },
    { todo: 'Correct the copybook; `kedge copybook show FILE` tries it without a server.' },
  )

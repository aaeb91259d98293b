/** One line of program text: what is left of it without sequence number, comment and identification. */
export interface SourceLine {
  text: string
  /** from 1 */
  line: number
}

export type SourceFormat = 'fixed' | 'free'

/** Fixed form has a sequence number or blanks in columns 1–6 and an indicator in column 7. */
export function formatOf(text: string): SourceFormat {
  if (/^\s*(>>|\$)\s*(SOURCE|SET\s+SOURCEFORMAT).*FREE/im.test(text)) return 'free'
  const lines = text
    .split(/\r\n?|\n/)
    .map(expandTabs)
    .filter((line) => line.trim() !== '' && !/^\s*\*>/.test(line))
  const fixed = (line: string) => /^( {6}|\d[\d ]{5}|[^\s*]{6}|.{6}(?=[*/]))([ *\-/dD$]|$)/.test(line)
  return lines.length > 0 && lines.every(fixed) ? 'fixed' : 'free'
}

const expandTabs = (line: string) => {
  let out = ''
  for (const c of line) out += c === '\t' ? ' '.repeat(8 - (out.length % 8)) : c
  return out
}

/** The lines of a copybook with continued lines joined; a continued line has the number of its beginning. */
export function copybookLines(text: string, format: SourceFormat): SourceLine[] {
  const found: SourceLine[] = []
  for (const [i, raw] of text.split(/\r\n?|\n/).entries()) {
    const whole = expandTabs(raw.replaceAll('\u001a', ''))
    if (/^\s*(>>|\$\s*SET\b)/i.test(whole)) continue
    if (format === 'free') {
      if (!/^\s*\*/.test(whole)) found.push({ text: withoutComment(whole), line: i + 1 })
      continue
    }
    const indicator = whole[6] ?? ' '
    if (indicator === '*' || indicator === '/' || /[dD$]/.test(indicator)) continue
    const area = whole.slice(7, 72)
    const before = found.at(-1)
    if (indicator === '-' && before) before.text = continued(before.text, area)
    else found.push({ text: withoutComment(area), line: i + 1 })
  }
  return found.filter((line) => line.text.trim() !== '')
}

/** A literal that goes on: the line before reaches to column 72, and the new one begins with the quote repeated. */
function continued(before: string, area: string): string {
  const quote = openQuote(before)
  const rest = withoutComment(area, quote).trimStart()
  if (quote !== undefined) return before.padEnd(65) + (rest.startsWith(quote) ? rest.slice(1) : rest)
  return before.trimEnd() + rest
}

/** The quote that is open at the end of a text. */
function openQuote(text: string): string | undefined {
  let open: string | undefined
  for (const c of text)
    if (open === undefined && (c === "'" || c === '"')) open = c
    else if (c === open) open = undefined
  return open
}

function withoutComment(text: string, quote?: string): string {
  // the quote that opens a continued literal again stands within it
  let open = quote === undefined ? undefined : text.trimStart().startsWith(quote) ? '' : quote
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    if (open === '') open = c === quote ? quote : ''
    else if (open === undefined && (c === "'" || c === '"')) open = c
    else if (c === open) open = undefined
    else if (open === undefined && c === '*' && text[i + 1] === '>') return text.slice(0, i)
  }
  return text
}

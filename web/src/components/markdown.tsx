import { Fragment, type ReactNode } from 'react'
import classes from './markdown.module.css'

/**
 * Markdown as React elements: headings, paragraphs, lists, quotes, code, tables, links, emphasis. No HTML is taken from the
 * text and links lead only to http, https and mailto addresses or within the site, so nothing in it can run.
 */
export const Markdown = ({ text }: { text: string }) => (
  <div className={classes.markdown}>{blocks(text.split(/\r?\n/))}</div>
)

const rule = /^ {0,3}([-*_])( *\1){2,} *$/
const heading = /^ {0,3}(#{1,6}) +(.*?)(?: +#+)? *$/
const fence = /^ {0,3}(```+|~~~+) *(\S*)/
const item = /^( *)([-*+]|\d{1,9}[.)]) +(.*)$/
const quote = /^ {0,3}> ?(.*)$/
const dashes = /^ *\|? *:?-+:? *(\| *:?-+:? *)*\|? *$/

function blocks(lines: readonly string[]): ReactNode[] {
  const out: ReactNode[] = []
  let at = 0
  const add = (node: ReactNode) => out.push(<Fragment key={out.length}>{node}</Fragment>)
  const takeWhile = (so: (line: string) => boolean) => {
    const from = at
    while (at < lines.length && so(lines[at]!)) at++
    return lines.slice(from, at)
  }
  while (at < lines.length) {
    const line = lines[at]!
    const fenced = fence.exec(line)
    const headed = heading.exec(line)
    if (line.trim() === '') at++
    else if (fenced) {
      at++
      const end = (one: string) => one.trim().startsWith(fenced[1]!) && /^[`~]+$/.test(one.trim())
      const code = takeWhile((one) => !end(one))
      at++
      add(
        <pre>
          <code>{code.join('\n')}</code>
        </pre>,
      )
    } else if (headed) {
      at++
      const Tag = `h${Math.min(6, headed[1]!.length + 2)}` as 'h3' | 'h4' | 'h5' | 'h6'
      add(<Tag>{inline(headed[2]!)}</Tag>)
    } else if (rule.test(line)) {
      at++
      add(<hr />)
    } else if (quote.test(line)) {
      const inner = takeWhile((one) => quote.test(one)).map((one) => quote.exec(one)![1]!)
      add(<blockquote>{blocks(inner)}</blockquote>)
    } else if (item.test(line)) add(list(takeList()))
    else if (line.includes('|') && dashes.test(lines[at + 1] ?? '') && lines[at + 1]!.includes('-')) {
      const rows = takeWhile((one) => one.includes('|'))
      add(table(rows))
    } else {
      const text = takeWhile(
        (one) =>
          one.trim() !== '' &&
          !fence.test(one) &&
          !heading.test(one) &&
          !quote.test(one) &&
          !item.test(one) &&
          !rule.test(one),
      )
      add(<p>{inline(text.join('\n'))}</p>)
    }
  }
  return out

  function takeList(): string[] {
    const from = at
    while (at < lines.length) {
      const line = lines[at]!
      const belongs = item.test(line) || /^ {2,}\S/.test(line)
      if (!belongs && !(line.trim() === '' && (item.test(lines[at + 1] ?? '') || /^ {2,}\S/.test(lines[at + 1] ?? ''))))
        break
      at++
    }
    return lines.slice(from, at)
  }
}

function list(lines: readonly string[]): ReactNode {
  const first = item.exec(lines[0]!)!
  const depth = first[1]!.length
  const items: string[][] = []
  for (const line of lines) {
    const found = item.exec(line)
    if (found && found[1]!.length <= depth + 1) items.push([found[3]!])
    else items.at(-1)?.push(line.slice(Math.min(line.length - line.trimStart().length, depth + 2)))
  }
  const nodes = items.map((inner, i) => {
    const box = /^\[([ xX])\] (.*)$/s.exec(inner[0]!)
    const content = inner.length === 1 ? inline(box ? box[2]! : inner[0]!) : blocks(inner)
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the text is drawn as a whole
      <li key={i} data-task={box ? true : undefined}>
        {box && <input type="checkbox" checked={box[1] !== ' '} readOnly disabled aria-label="task" />}
        {content}
      </li>
    )
  })
  return /\d/.test(first[2]!) ? <ol start={Number.parseInt(first[2]!, 10)}>{nodes}</ol> : <ul>{nodes}</ul>
}

function table(rows: readonly string[]): ReactNode {
  const cells = (row: string) =>
    row
      .trim()
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => cell.trim())
  const [head = '', , ...body] = rows
  return (
    <table>
      <thead>
        <tr>
          {cells(head).map((cell, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <th key={i}>{inline(cell)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {body.map((row, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <tr key={i}>
            {cells(row).map((cell, j) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              <td key={j}>{inline(cell)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const spans =
  /(`+)(.+?)\1|\*\*(.+?)\*\*|__(.+?)__|\*([^*\s][^*]*?)\*|(?<![\p{L}\p{N}])_([^_\s][^_]*?)_(?![\p{L}\p{N}])|~~(.+?)~~|!?\[([^\]]*)\]\(\s*<?((?:[^()\s<>]|\([^()\s]*\))+)>?[^)]*\)|<?(https?:\/\/[^\s<>]+[^\s<>.,;:!?)])>?|\\([\\`*_{}[\]()#+\-.!|~>])|( {2,}|\\)\n/su

function inline(text: string): ReactNode[] {
  const out: ReactNode[] = []
  let rest = text
  for (;;) {
    const found = spans.exec(rest)
    if (!found) break
    if (found.index > 0) out.push(rest.slice(0, found.index))
    const [whole, , code, bold, bold2, italic, italic2, gone, label, target, address, literal, breaks] = found
    const key = out.length
    if (code !== undefined) out.push(<code key={key}>{code.replace(/^ (.+) $/, '$1')}</code>)
    else if (bold ?? bold2) out.push(<strong key={key}>{inline(bold ?? bold2!)}</strong>)
    else if (italic ?? italic2) out.push(<em key={key}>{inline(italic ?? italic2!)}</em>)
    else if (gone !== undefined) out.push(<del key={key}>{inline(gone)}</del>)
    else if (target !== undefined) out.push(link(target, label!, key))
    else if (address !== undefined) out.push(link(address, address, key))
    else if (literal !== undefined) out.push(literal)
    else if (breaks !== undefined) out.push(<br key={key} />)
    rest = rest.slice(found.index + whole.length)
  }
  if (rest) out.push(rest)
  return out
}

/** Where a link may lead; undefined for any other address, `javascript:` and `data:` among them. */
export function safeHref(target: string): string | undefined {
  if (/^[/#?](?![/\\])/.test(target)) return target
  try {
    const { protocol } = new URL(target)
    return /^(https?|mailto):$/.test(protocol) ? target : undefined
  } catch {
    return undefined
  }
}

function link(target: string, label: string, key: number): ReactNode {
  const href = safeHref(target)
  return href ? (
    <a key={key} href={href} rel="noopener noreferrer nofollow" target={href.startsWith('http') ? '_blank' : undefined}>
      {label || target}
    </a>
  ) : (
    <Fragment key={key}>{label || target}</Fragment>
  )
}

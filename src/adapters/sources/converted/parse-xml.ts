import { SaxesParser, type SaxesTagNS } from 'saxes'
import { KedgeError } from '../../../errors.ts'

export interface XmlEvents {
  open(tag: SaxesTagNS): void
  /** of an element, with its text so far since the last tag */
  text(piece: string): void
  close(tag: SaxesTagNS): void
  /** whether nothing more is wanted */
  done?(): boolean
}

const deepest = 200

/** How a document begins says how its characters are written (XML 1.0, appendix F). */
export function xmlEncoding(start: Uint8Array): string {
  const [a, b, c] = start
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  if (a === 0 && b === 0x3c) return 'utf-16be'
  if (a === 0x3c && b === 0) return 'utf-16le'
  const head = Buffer.from(start.subarray(0, 200)).toString('latin1')
  return /^<\?xml[^>]*\bencoding\s*=\s*["']([\w.-]+)["']/.exec(head)?.[1] ?? 'utf-8'
}

/**
 * Reads a document piece by piece. Declared entities are refused, because they are how a small document becomes a huge
 * one, or another file. Errors: `source_unreadable` with line and column.
 */
export async function parseXml(bytes: AsyncIterable<Uint8Array>, part: string, events: XmlEvents): Promise<void> {
  const parser = new SaxesParser({ xmlns: true, position: true })
  const refuse = (what: string, cause?: unknown) => {
    throw new KedgeError(
      'source_unreadable',
      { source: '', what: `${part ? `${part}, ` : ''}line ${parser.line}, column ${parser.column}: ${what}` },
      { cause },
    )
  }
  let depth = 0
  parser.on('error', (error) => refuse(error.message.replace(/^\d+:\d+: /, '')))
  parser.on('doctype', (text) => {
    if (/<!ENTITY/.test(text)) refuse('it declares entities, which are not read')
  })
  parser.on('opentag', (tag) => {
    depth++
    if (depth > deepest) refuse(`it has more than ${deepest} elements in each other`)
    events.open(tag as SaxesTagNS)
  })
  parser.on('text', (piece) => events.text(piece))
  parser.on('cdata', (piece) => events.text(piece))
  parser.on('closetag', (tag) => {
    depth--
    events.close(tag as SaxesTagNS)
  })
  let decoder: InstanceType<typeof TextDecoder> | undefined
  let read = 0
  for await (const piece of bytes) {
    if (!decoder) {
      const encoding = xmlEncoding(piece)
      try {
        decoder = new TextDecoder(encoding, { fatal: true })
      } catch (error) {
        refuse(`it is written in ${encoding}, which is not read`, error)
      }
    }
    let text = ''
    try {
      text = decoder!.decode(piece, { stream: true })
    } catch (error) {
      refuse(`from byte ${read} on there are bytes that are no ${decoder!.encoding}`, error)
    }
    read += piece.length
    parser.write(text)
    if (events.done?.()) return
  }
  if (read === 0) refuse('it is empty')
  try {
    parser.write(decoder!.decode())
  } catch (error) {
    refuse('it ends in the middle of a character', error)
  }
  parser.close()
}

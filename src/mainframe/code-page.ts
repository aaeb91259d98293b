import { inflateRawSync } from 'node:zlib'
import { KedgeError } from '../errors.ts'
import { differences, doubleByte, page037 } from './code-pages.generated.ts'

/** Stands in a table where the code page has no character. */
export const noCharacter = 0xffff

export interface CodePage {
  name: string
  /** UTF-16 unit of each byte; `noCharacter` where there is none */
  single: Uint16Array
  /** UTF-16 unit of each pair of bytes, of a page that shifts between one and two bytes a character */
  double?: Uint16Array
  /** whether digits and signs are those of ASCII */
  ascii: boolean
}

const ascii = Uint16Array.from({ length: 256 }, (_, byte) => byte)
const pages = new Map<string, CodePage>()
const doubles = new Map<string, Uint16Array>()

/** Names of all code pages: EBCDIC by their number, and `ascii` for files that were translated or come from other machines. */
export const codePageNames = [...Object.keys(differences), 'ascii'].sort() as [string, ...string[]]

/** A code page's table, made when it is first asked for. Errors: `invalid_input`. */
export function codePage(name: string): CodePage {
  const known = pages.get(name)
  if (known) return known
  if (name !== 'ascii' && !Object.hasOwn(differences, name))
    throw new KedgeError('invalid_input', {
      what: `There is no code page ${name}; there are ${codePageNames.join(', ')}`,
    })
  const made: CodePage = name === 'ascii' ? { name, single: ascii, ascii: true } : ebcdic(name)
  pages.set(name, made)
  return made
}

function ebcdic(name: string): CodePage {
  const single = Uint16Array.from({ length: 256 }, (_, byte) => page037.charCodeAt(byte))
  const changes = differences[name]!
  for (let i = 0; i < changes.length; i += 2) single[changes.charCodeAt(i) - 256] = changes.charCodeAt(i + 1)
  const found = doubleByte.find((table) => table.pages.includes(name))
  if (!found) return { name, single, ascii: false }
  let double = doubles.get(found.units)
  if (!double) {
    const steps = inflateRawSync(Buffer.from(found.units, 'base64'))
    double = new Uint16Array(65536)
    for (let i = 0; i < 65536; i++) double[i] = (i === 0 ? 0 : double[i - 1]!) + steps.readUInt16LE(i * 2)
    doubles.set(found.units, double)
  }
  return { name, single, double, ascii: false }
}

/** The bytes of a text in a code page; undefined when it has a character that the page lacks. One-byte characters only. */
export function encodeText(text: string, page: CodePage): Uint8Array | undefined {
  const bytes = Uint8Array.from(text, (character) => page.single.indexOf(character.charCodeAt(0)))
  return [...text].every((character) => page.single.includes(character.charCodeAt(0))) ? bytes : undefined
}

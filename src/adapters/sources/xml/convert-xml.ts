import { createReadStream } from 'node:fs'
import type { SaxesTagNS } from 'saxes'
import { KedgeError } from '../../../errors.ts'
import type { Conversion, Converted } from '../converted/conversion.ts'
import { parseXml } from '../converted/parse-xml.ts'
import { createRowWriter } from '../converted/row-writer.ts'
import { type XmlSettings, xmlFaults } from './xml-settings.ts'

const mostColumns = 10_000
const longest = 64 * 2 ** 20

/**
 * Writes an element's attributes (`@id`) and what is in it (`author`, `author.name`, `author@born`) as a row. Errors:
 * `source_unreadable` names line and column.
 */
export async function convertXml({ from, to, settings }: Conversion): Promise<Converted> {
  const { record, namespaces, lists } = settings as XmlSettings
  const prefixes = new Map(Object.entries(namespaces).map(([prefix, uri]) => [uri, `${prefix}:`]))
  const nameOf = ({ uri, local }: { uri: string; local: string }) => `${prefixes.get(uri) ?? ''}${local}`
  const wanted = record.replace(/^\/\//, '')
  const isRecord = (path: string[]) =>
    wanted.startsWith('/') ? `/${path.join('/')}` === wanted : `/${path.join('/')}`.endsWith(`/${wanted}`)
  const listed = new Set(lists)
  const columns = new Set<string>()
  const rows = createRowWriter(to)
  const path: string[] = []
  let count = 0
  /** within a record: where it begins, its values, the texts of the elements that are open */
  let row:
    | { depth: number; values: Record<string, string>; many: Record<string, string[]>; repeated: string[] }
    | undefined
  let texts: { text: string; elements: boolean }[] = []

  const put = (name: string, value: string) => {
    if (!columns.has(name)) {
      columns.add(name)
      if (columns.size > mostColumns)
        throw new KedgeError('source_unreadable', {
          source: '',
          what: `its rows have more than ${mostColumns} columns`,
        })
    }
    if (listed.has(name)) {
      row!.many[name] ??= []
      row!.many[name].push(value)
    } else if (Object.hasOwn(row!.values, name)) row!.repeated.push(`${name}: ${value.slice(0, 100)}`)
    else row!.values[name] = value
  }
  const attributesOf = (tag: SaxesTagNS, at: string) => {
    // a declaration of a namespace is no value
    for (const attribute of Object.values(tag.attributes))
      if (attribute.uri !== 'http://www.w3.org/2000/xmlns/') put(`${at}@${nameOf(attribute)}`, attribute.value)
  }

  try {
    await parseXml(createReadStream(from, { highWaterMark: 2 ** 18 }), '', {
      open(tag) {
        path.push(nameOf(tag))
        if (row) {
          texts.at(-1)!.elements = true
          texts.push({ text: '', elements: false })
          attributesOf(tag, path.slice(row.depth).join('.'))
        } else if (isRecord(path)) {
          row = { depth: path.length, values: {}, many: {}, repeated: [] }
          texts = [{ text: '', elements: false }]
          attributesOf(tag, '')
        }
      },
      text(piece) {
        const inner = texts.at(-1)
        if (!row || !inner) return
        inner.text += piece
        if (inner.text.length > longest)
          throw new KedgeError('source_unreadable', {
            source: '',
            what: `a text in record ${count + 1} has more than ${longest} characters`,
          })
      },
      close() {
        if (row) {
          const { text, elements } = texts.pop()!
          const value = text.trim()
          // what stands between elements is there for people
          const name = path.slice(row.depth).join('.') || '.'
          if (!elements || value !== '') if (value !== '' || name !== '.') put(name, value)
          if (path.length === row.depth) {
            count++
            for (const [name, values] of Object.entries(row.many)) row.values[name] = JSON.stringify(values)
            rows.row(
              row.values,
              row.repeated.length > 0
                ? { reason: xmlFaults.repeated, found: `record ${count}, ${row.repeated[0]}` }
                : undefined,
            )
            row = undefined
          }
        }
        path.pop()
      },
    })
    if (count === 0)
      throw new KedgeError(
        'source_unreadable',
        { source: '', what: `it has no element ${record}` },
        { todo: 'Check the path of the record, and the prefixes of namespaces.' },
      )
  } finally {
    rows.close()
  }
  return { columns: [...columns], found: {} }
}

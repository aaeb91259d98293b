import { posix } from 'node:path'
import { KedgeError } from '../../../errors.ts'
import type { OpenZip } from '../converted/open-zip.ts'
import { parseXml } from '../converted/parse-xml.ts'
import { type DateForm, dateForm } from './number-forms.ts'

export interface Workbook {
  /** texts that cells refer to by number */
  texts: string[]
  /** by the number of a cell's style: whether its numbers are dates or times */
  dates: (DateForm | undefined)[]
  since1904: boolean
  /** the part that is the wanted sheet */
  part: string
  sheet: string
}

const mostText = 2 ** 30
const nothing = { text() {}, open() {}, close() {} }

/** Reads what a workbook says beside its sheets. Errors: `source_unreadable`, `not_found` for the sheet. */
export async function readWorkbook(zip: OpenZip, wanted: string | undefined): Promise<Workbook> {
  const main = zip.has('xl/workbook.xml') ? 'xl/workbook.xml' : await mainPart(zip)
  const sheets: { name: string; id: string; shown: boolean }[] = []
  let since1904 = false
  await parseXml(await zip.read(main), main, {
    ...nothing,
    open({ local, attributes }) {
      const of = (name: string) => Object.values(attributes).find((one) => one.local === name)?.value
      if (local === 'workbookPr') since1904 = /^(1|true)$/.test(of('date1904') ?? '')
      if (local === 'sheet')
        sheets.push({ name: of('name') ?? '', id: of('id') ?? '', shown: !/hidden/i.test(of('state') ?? '') })
    },
  })
  const sheet =
    wanted === undefined ? (sheets.find(({ shown }) => shown) ?? sheets[0]) : sheets.find(({ name }) => name === wanted)
  if (!sheet)
    throw new KedgeError(
      'source_unreadable',
      {
        source: '',
        what:
          wanted === undefined
            ? 'the workbook has no sheet'
            : `the workbook has no sheet ${wanted}, but ${sheets.map(({ name }) => name).join(', ')}`,
      },
      { todo: 'Name one of the sheets.' },
    )
  const targets = await related(zip, main)
  const part = targets.get(sheet.id)?.target
  if (!part) throw new KedgeError('source_unreadable', { source: '', what: `the sheet ${sheet.name} leads nowhere` })
  const ofType = (type: string) => [...targets.values()].find((one) => one.type.endsWith(`/${type}`))?.target
  const [strings, styles] = [ofType('sharedStrings'), ofType('styles')]
  return {
    since1904,
    sheet: sheet.name,
    part,
    texts: strings && zip.has(strings) ? await readTexts(zip, strings) : [],
    dates: styles && zip.has(styles) ? await readDates(zip, styles) : [],
  }
}

async function mainPart(zip: OpenZip): Promise<string> {
  const found = [...(await related(zip, '')).values()].find(({ type }) => type.endsWith('/officeDocument'))
  if (!found) throw new KedgeError('source_unreadable', { source: '', what: 'it is a ZIP file, but no workbook' })
  return found.target
}

/** What a part refers to, by the names it uses for them. */
async function related(zip: OpenZip, part: string): Promise<Map<string, { target: string; type: string }>> {
  const folder = posix.dirname(part)
  const file = posix.join(folder, '_rels', `${posix.basename(part)}.rels`)
  const found = new Map<string, { target: string; type: string }>()
  if (!zip.has(file))
    throw new KedgeError('source_unreadable', { source: '', what: 'it is a ZIP file, but no workbook' })
  await parseXml(await zip.read(file), file, {
    ...nothing,
    open({ local, attributes }) {
      if (local !== 'Relationship') return
      const of = (name: string) => attributes[name]?.value ?? ''
      const target = of('Target')
      found.set(of('Id'), {
        target: target.startsWith('/') ? target.slice(1) : posix.join(folder, target),
        type: of('Type'),
      })
    },
  })
  return found
}

/** A cell's text as it was typed: Excel writes what XML cannot hold as _x000D_. */
export const plainText = (text: string): string =>
  text.includes('_x')
    ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
    : text

async function readTexts(zip: OpenZip, part: string): Promise<string[]> {
  const texts: string[] = []
  let [text, phonetic, within, size] = ['', 0, false, 0]
  await parseXml(await zip.read(part), part, {
    open({ local }) {
      if (local === 'si') text = ''
      // how a text is spoken is no part of it
      else if (local === 'rPh') phonetic++
      else if (local === 't') within = phonetic === 0
    },
    text(piece) {
      if (within) text += piece
    },
    close({ local }) {
      if (local === 'rPh') phonetic--
      else if (local === 't') within = false
      else if (local === 'si') {
        size += text.length
        if (size > mostText)
          throw new KedgeError('source_unreadable', { source: '', what: 'its texts have more than 2^30 characters' })
        texts.push(plainText(text))
      }
    },
  })
  return texts
}

async function readDates(zip: OpenZip, part: string): Promise<(DateForm | undefined)[]> {
  const codes = new Map<number, string>()
  const dates: (DateForm | undefined)[] = []
  let within = false
  await parseXml(await zip.read(part), part, {
    ...nothing,
    open({ local, attributes }) {
      const of = (name: string) => attributes[name]?.value ?? ''
      if (local === 'numFmt') codes.set(Number(of('numFmtId')), of('formatCode'))
      else if (local === 'cellXfs') within = true
      else if (local === 'xf' && within) {
        const id = Number(of('numFmtId') || 0)
        dates.push(dateForm(id, codes.get(id)))
      }
    },
    close({ local }) {
      if (local === 'cellXfs') within = false
    },
  })
  return dates
}

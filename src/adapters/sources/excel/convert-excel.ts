import { closeSync, openSync, readSync } from 'node:fs'
import { KedgeError } from '../../../errors.ts'
import type { Conversion, Converted } from '../converted/conversion.ts'
import { type OpenZip, openZip } from '../converted/open-zip.ts'
import { parseXml } from '../converted/parse-xml.ts'
import { createRowWriter } from '../converted/row-writer.ts'
import { type ExcelSettings, excelFaults } from './excel-settings.ts'
import { dateText } from './number-forms.ts'
import { plainText, readWorkbook, type Workbook } from './read-workbook.ts'

const mostColumns = 16_384

type Cell = { text: string; fault?: undefined } | { text: string; fault: string }

/** Writes the rows of a sheet. Errors: `source_unreadable` names part, line and cell. */
export async function convertExcel({ from, to, settings }: Conversion): Promise<Converted> {
  const { sheet, header, merged } = settings as ExcelSettings
  refuseOldForm(from)
  const zip = await openZip(from, 'workbook')
  try {
    const book = await readWorkbook(zip, sheet)
    const ranges = merged === 'all' ? await mergedRanges(zip, book.part) : []
    const rows = createRowWriter(to)
    try {
      let names: string[] | undefined
      let widest = 0
      await readCells(zip, book, (number, cells) => {
        fillMerged(ranges, number, cells)
        if (header > 0 && number < header) return
        if (header > 0 && number === header) {
          names = namesOf(cells)
          return
        }
        if (header > 0 && names === undefined)
          throw new KedgeError('source_unreadable', {
            source: '',
            what: `row ${header} of the sheet ${book.sheet} has no names: it is empty`,
          })
        const filled = [...cells].filter(([, cell]) => cell.text !== '' || cell.fault)
        if (filled.length === 0) return
        const values: Record<string, string> = {}
        let fault: { reason: string; found: string } | undefined
        const place = (column: number) => `${book.sheet}!${letters(column)}${number}`
        for (const [column, cell] of filled) {
          widest = Math.max(widest, column + 1)
          const name = names ? names[column] : letters(column)
          if (cell.fault) fault ??= { reason: cell.fault, found: `${place(column)}: ${cell.text}` }
          if (name === undefined)
            fault ??= { reason: excelFaults.wide, found: `${place(column)}: ${cell.text.slice(0, 100)}` }
          else if (!cell.fault) values[name] = cell.text
        }
        rows.row(values, fault)
      })
      if (header > 0 && names === undefined)
        throw new KedgeError('source_unreadable', { source: '', what: `the sheet ${book.sheet} has no row ${header}` })
      const columns = names ?? Array.from({ length: widest }, (_, i) => letters(i))
      return { columns, found: sheet === undefined ? { sheet: book.sheet } : {} }
    } finally {
      rows.close()
    }
  } finally {
    zip.close()
  }
}

/** Until 2007, and since then when they are encrypted, workbooks are no ZIP files. */
function refuseOldForm(path: string) {
  const file = openSync(path, 'r')
  const start = Buffer.alloc(4)
  readSync(file, start, 0, 4, 0)
  closeSync(file)
  if (start.toString('hex') === 'd0cf11e0')
    throw new KedgeError(
      'source_unreadable',
      { source: '', what: 'it is a workbook of the old form (.xls), or an encrypted one' },
      { todo: 'Save it as .xlsx without a password.' },
    )
}

/** Names of columns by a row: what is empty has the letters of its column, what is there twice gets a number. */
function namesOf(cells: Map<number, Cell>): string[] {
  const last = Math.max(-1, ...[...cells].filter(([, { text }]) => text !== '').map(([column]) => column))
  const taken = new Set<string>()
  return Array.from({ length: last + 1 }, (_, i) => {
    const text = cells.get(i)?.text.trim() || letters(i)
    let name = text
    for (let n = 2; taken.has(name); n++) name = `${text}_${n}`
    taken.add(name)
    return name
  })
}

/** Calls `row` with each row's number (from 1) and its cells by column (from 0). */
async function readCells(
  zip: OpenZip,
  { part, texts, dates, since1904, sheet }: Workbook,
  row: (number: number, cells: Map<number, Cell>) => void,
) {
  let [number, column, type, style] = [0, -1, '', 0]
  let [value, formula, wanted] = ['', false, false]
  let cells = new Map<number, Cell>()
  const refuse = (what: string): never => {
    throw new KedgeError('source_unreadable', { source: '', what: `${sheet}!${letters(column)}${number}: ${what}` })
  }
  const cell = (): Cell | undefined => {
    switch (type) {
      case 's':
        return value === ''
          ? undefined
          : { text: texts[Number(value)] ?? refuse(`it refers to text ${value}, which there is not`) }
      case 'inlineStr':
      case 'str':
        return { text: plainText(value) }
      case 'b':
        return { text: value === '1' || value === 'true' ? 'true' : 'false' }
      case 'e':
        return { text: value, fault: excelFaults.error }
      case 'd':
        return { text: value.replace('T', ' ').replace(/ 00:00:00$/, '') }
      default: {
        if (value === '') return formula ? { text: '', fault: excelFaults.uncomputed } : undefined
        const found = Number(value)
        if (Number.isNaN(found)) refuse(`${value.slice(0, 50)} is no number`)
        // as the shortest text that is the same number
        const form = dates[style]
        return {
          text:
            (form ? dateText(found, form, since1904) : undefined) ??
            (Number.isSafeInteger(found) ? found.toFixed(0) : String(found)),
        }
      }
    }
  }
  await parseXml(await zip.read(part), part, {
    open({ local, attributes }) {
      if (local === 'row') {
        const given = Number(attributes.r?.value ?? number + 1)
        if (!(given > number)) refuse(`row ${given} comes after row ${number}`)
        number = given
        column = -1
        cells = new Map()
      } else if (local === 'c') {
        const given = attributes.r?.value
        column = given ? columnOf(given) : column + 1
        if (!(column >= 0 && column < mostColumns)) refuse(`${given} is no place of a cell`)
        type = attributes.t?.value ?? 'n'
        style = Number(attributes.s?.value ?? 0)
        value = ''
        formula = false
      } else if (local === 'f') formula = true
      else if (local === 'v' || local === 't') wanted = true
    },
    text(piece) {
      if (wanted) value += piece
    },
    close({ local }) {
      if (local === 'v' || local === 't') wanted = false
      else if (local === 'c') {
        const found = cell()
        if (found) cells.set(column, found)
      } else if (local === 'row') row(number, cells)
    },
  })
}

interface Range {
  from: { row: number; column: number }
  to: { row: number; column: number }
  cell?: Cell | undefined
}

/** The ranges of cells that are shown as one; a sheet names them after its cells. */
async function mergedRanges(zip: OpenZip, part: string): Promise<Range[]> {
  const ranges: Range[] = []
  await parseXml(await zip.read(part), part, {
    open({ local, attributes }) {
      if (local !== 'mergeCell') return
      const [from, to] = (attributes.ref?.value ?? '').split(':')
      const at = (place: string) => ({ row: Number(/\d+$/.exec(place)?.[0]), column: columnOf(place) })
      if (from && to) ranges.push({ from: at(from), to: at(to) })
    },
    text() {},
    close() {},
  })
  return ranges
}

function fillMerged(ranges: Range[], number: number, cells: Map<number, Cell>) {
  for (const range of ranges) {
    if (number === range.from.row) range.cell = cells.get(range.from.column)
    if (number < range.from.row || number > range.to.row || !range.cell) continue
    for (let column = range.from.column; column <= range.to.column; column++) cells.set(column, range.cell)
  }
}

const columnOf = (place: string): number => {
  let column = 0
  for (const letter of /^[A-Za-z]{1,3}/.exec(place)?.[0].toUpperCase() ?? '')
    column = column * 26 + letter.charCodeAt(0) - 64
  return column - 1
}

const letters = (column: number): string =>
  column < 0
    ? ''
    : `${column >= 26 ? letters(Math.floor(column / 26) - 1) : ''}${String.fromCharCode(65 + (column % 26))}`

import { KedgeError } from '../../errors.ts'

/** what pandas' `read_csv` takes for a missing value, as MLflow's server does */
const missing = new Set(
  [
    '',
    '#N/A',
    '#N/A N/A',
    '#NA',
    '-1.#IND',
    '-1.#QNAN',
    '-NaN',
    '-nan',
    '1.#IND',
    '1.#QNAN',
    '<NA>',
    'N/A',
    'NA',
  ].concat(['NULL', 'NaN', 'None', 'n/a', 'nan', 'null']),
)
const number = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i

/**
 * Rows of a CSV text (RFC 4180) by its header line. A cell of a column that is not a category is a number where it reads as
 * one. Errors: `invalid_input` naming the line.
 */
export function readCsv(text: string, categories: ReadonlySet<string>): Record<string, unknown>[] {
  const lines = parseCsv(text)
  const header = lines.shift()
  if (!header) throw new KedgeError('invalid_input', { what: 'The CSV has no header line' })
  return lines.map((cells, i) => {
    if (cells.length !== header.length)
      throw new KedgeError('invalid_input', {
        what: `The CSV's line ${i + 2} has ${cells.length} cells, the header ${header.length}`,
      })
    return Object.fromEntries(header.map((name, column) => [name, cellValue(cells[column]!, categories.has(name))]))
  })
}

const cellValue = (cell: string, category: boolean) =>
  missing.has(cell) ? null : !category && number.test(cell) ? Number(cell) : cell

function parseCsv(text: string): string[][] {
  const lines: string[][] = []
  let line: string[] = []
  let cell = ''
  let quoted = false
  for (let i = text.startsWith('\uFEFF') ? 1 : 0; i < text.length; i++) {
    const char = text[i]!
    if (quoted) {
      if (char !== '"') cell += char
      else if (text[i + 1] === '"') cell += text[++i]
      else quoted = false
    } else if (char === '"' && cell === '') quoted = true
    else if (char === ',') {
      line.push(cell)
      cell = ''
    } else if (char === '\n') {
      line.push(cell.endsWith('\r') ? cell.slice(0, -1) : cell)
      if (line.length > 1 || line[0] !== '') lines.push(line)
      line = []
      cell = ''
    } else cell += char
  }
  if (cell !== '' || line.length > 0) lines.push([...line, cell.endsWith('\r') ? cell.slice(0, -1) : cell])
  return lines
}

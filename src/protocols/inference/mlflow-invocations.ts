import { KedgeError } from '../../errors.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import { decodeUtf8 } from '../decode-utf8.ts'
import { parseJson } from './http-exchange.ts'

const forms = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const

/** MLflow's scoring protocol: exactly one of its four JSON forms, or CSV → `{"predictions": [scores]}`. */
export async function mlflowInvocations(
  node: InferenceNode,
  endpoint: ServedEndpoint,
  body: Buffer,
  contentType: string,
  now: number,
): Promise<string> {
  const type = contentType.split(';')[0]!.trim().toLowerCase()
  if (type !== 'application/json' && type !== 'text/csv')
    throw new KedgeError('unsupported', {
      what: `The content type ${type || '(none)'}; send application/json or text/csv`,
    })
  const names =
    endpoint.revisions
      .find((revision) => revision.traffic > 0)
      ?.loaded.description?.features.map((feature) => feature.name) ?? []
  const rows = type === 'text/csv' ? fromCsv(decodeUtf8(body)) : fromJson(decodeUtf8(body), names)
  const id = node.nextId()
  const ids = rows.length === 1 ? [id] : rows.map((_, i) => `${id}/${i}`)
  const answer = await node.rows(endpoint, {
    ids,
    times: rows.map(() => now),
    rows,
    together: id,
    where: (row) => `rows.${row}`,
  })
  return JSON.stringify({ predictions: [...answer.scores] })
}

function fromJson(text: string, names: readonly string[]): Record<string, unknown>[] {
  const parsed = parseJson(text) as Record<string, unknown>
  const given = forms.filter((form) => parsed !== null && typeof parsed === 'object' && parsed[form] !== undefined)
  if (given.length !== 1)
    throw new KedgeError('invalid_input', { what: `The body must have exactly one of ${forms.join(', ')}` })
  const form = given[0]!
  const value = parsed[form]
  if (form === 'dataframe_split') return fromSplit(value)
  if (form === 'dataframe_records') return records(form, value)
  if (form === 'instances' && Array.isArray(value))
    return value.every(isRecord) ? value : fromMatrix(form, value, names)
  if (form === 'inputs') {
    if (Array.isArray(value)) return value.every(isRecord) ? value : fromMatrix(form, value, names)
    if (isRecord(value)) return fromColumns(form, value)
  }
  throw new KedgeError('invalid_input', {
    what: `${form}: must be a list of rows${form === 'inputs' ? ' or an object of columns' : ''}`,
  })
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function records(form: string, value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value) || !value.every(isRecord))
    throw new KedgeError('invalid_input', { what: `${form}: must be a list of objects` })
  return value
}

function fromSplit(value: unknown): Record<string, unknown>[] {
  const { columns, data } = (value ?? {}) as { columns?: unknown; data?: unknown }
  if (!Array.isArray(columns) || !Array.isArray(data))
    throw new KedgeError('invalid_input', { what: 'dataframe_split: must have "columns" and "data"' })
  return fromMatrix('dataframe_split.data', data, columns.map(String))
}

function fromMatrix(form: string, value: readonly unknown[], names: readonly string[]): Record<string, unknown>[] {
  return value.map((row, i) => {
    const cells = Array.isArray(row) ? row : names.length === 1 ? [row] : undefined
    if (!cells || cells.length !== names.length)
      throw new KedgeError('invalid_input', { what: `${form}.${i}: must be a list of ${names.length} values` })
    return Object.fromEntries(names.map((name, column) => [name, cells[column]]))
  })
}

function fromColumns(form: string, value: Record<string, unknown>): Record<string, unknown>[] {
  const columns = Object.entries(value).map(([name, cells]) => [name, Array.isArray(cells) ? cells : [cells]] as const)
  const rows = columns[0]?.[1].length ?? 0
  const odd = columns.find(([, cells]) => cells.length !== rows)
  if (odd)
    throw new KedgeError('invalid_input', {
      what: `${form}.${odd[0]}: has ${odd[1].length} values, the first column has ${rows}`,
    })
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      columns.map(([name, cells]) => [
        name,
        Array.isArray(cells[row]) && cells[row].length === 1 ? cells[row][0] : cells[row],
      ]),
    ),
  )
}

/** RFC 4180 with a header line; a cell that is a number is one, an empty one is missing. */
function fromCsv(text: string): Record<string, unknown>[] {
  const lines = parseCsv(text)
  const header = lines.shift()
  if (!header) throw new KedgeError('invalid_input', { what: 'The CSV has no header line' })
  return lines.map((cells, i) => {
    if (cells.length !== header.length)
      throw new KedgeError('invalid_input', {
        what: `The CSV's line ${i + 2} has ${cells.length} cells, the header ${header.length}`,
      })
    return Object.fromEntries(header.map((name, column) => [name, cellValue(cells[column]!)]))
  })
}

const cellValue = (cell: string) =>
  cell === '' ? null : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? Number(cell) : cell

function parseCsv(text: string): string[][] {
  const lines: string[][] = []
  let line: string[] = []
  let cell = ''
  let quoted = false
  for (let i = 0; i < text.length; i++) {
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
  if (cell !== '' || line.length > 0) lines.push([...line, cell])
  return lines
}

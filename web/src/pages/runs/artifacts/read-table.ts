export interface Sheet {
  columns: string[]
  rows: unknown[][]
  /** rows that there are, when more than are shown */
  total?: number | undefined
}

/** Rows that a viewer takes. */
export const mostRows = 1000

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A table as `mlflow.log_table` writes it, or a list of objects; undefined for any other JSON. */
export function tableOfJson(value: unknown): Sheet | undefined {
  if (isRecord(value) && Array.isArray(value.columns) && Array.isArray(value.data) && value.data.every(Array.isArray))
    return { columns: value.columns.map(String), rows: value.data.slice(0, mostRows), total: value.data.length }
  if (Array.isArray(value) && value.length > 0 && value.every(isRecord)) {
    const some = value.slice(0, mostRows)
    const columns = [...new Set(some.flatMap((row) => Object.keys(row)))]
    return { columns, rows: some.map((row) => columns.map((key) => row[key])), total: value.length }
  }
  return undefined
}

/** Comma- or tab-separated rows (RFC 4180: quotes, doubled quotes, line breaks within quotes), the first one as heads. */
export function tableOfCsv(text: string, separator: ',' | '\t' = ','): Sheet {
  const rows: string[][] = [[]]
  let cell = ''
  let quoted = false
  for (let i = 0; i < text.length && rows.length <= mostRows + 1; i++) {
    const sign = text[i]!
    if (quoted) {
      if (sign !== '"') cell += sign
      else if (text[i + 1] === '"') {
        cell += '"'
        i++
      } else quoted = false
    } else if (sign === '"' && cell === '') quoted = true
    else if (sign === separator) {
      rows.at(-1)!.push(cell)
      cell = ''
    } else if (sign === '\n') {
      rows.at(-1)!.push(cell.replace(/\r$/, ''))
      cell = ''
      rows.push([])
    } else cell += sign
  }
  if (cell !== '' || rows.at(-1)!.length > 0) rows.at(-1)!.push(cell)
  if (rows.at(-1)!.length === 0) rows.pop()
  const [columns = [], ...body] = rows
  return { columns, rows: body.slice(0, mostRows) }
}

/** A value in a cell; a picture of `log_table` is an object with its path. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'object') return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one))
  return String(value)
}

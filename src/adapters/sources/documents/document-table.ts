import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Column, ColumnType } from '../../../contracts/column.ts'
import type { SourceTable } from '../../../contracts/source.ts'
import { incrementalTable } from '../incremental.ts'
import { quotedName } from '../sql-name.ts'
import { type Document, textOf } from './document.ts'
import { otherColumn } from './document-columns.ts'

/** The engine's types of columns that grow; all others are read as text. */
const engineTypes: Record<ColumnType, string> = {
  int: 'Int64',
  float: 'Float64',
  bool: 'Bool',
  text: 'String',
  date: 'Date32',
  time: "DateTime64(3, 'UTC')",
}
/** so many rows are one write */
const page = 500

export interface DocumentTableInput {
  columns: readonly Column[]
  growth: { incremental?: string | undefined; lag?: number | undefined; key?: string[] | undefined }
  /** The documents in an order that is the same each time; `from`: at least those whose growing column is not less. */
  read(options: {
    rows: number | undefined
    from: string | undefined
    signal: AbortSignal | undefined
  }): AsyncIterable<Document>
}

/** Documents as a table: one row each, what has no column in `_other`. */
export function documentTable({ columns, growth, read }: DocumentTableInput): SourceTable {
  const growing = columns.find(({ name }) => name === growth.incremental)
  const text = columns.map((_, i) => `c${i} Nullable(String)`).join(', ')
  const selected = columns.map(({ name, type }, i) => {
    if (name !== growing?.name || type === 'text') return `c${i} AS ${quotedName(name)}`
    const sql =
      type === 'time'
        ? `parseDateTime64BestEffortOrNull(c${i}, 3, 'UTC')`
        : `accurateCastOrNull(c${i}, '${engineTypes[type]}')`
    return `${sql} AS ${quotedName(name)}`
  })
  const places = new Map(columns.map(({ name }, i) => [name, i]))

  function lineOf(document: Document): string {
    const cells: (string | null)[] = columns.map(() => null)
    let others: Document | undefined
    for (const name in document) {
      const place = name === otherColumn ? undefined : places.get(name)
      const value = document[name]!
      if (place !== undefined) cells[place] = textOf(value)
      else {
        others ??= {}
        others[name] = value
      }
    }
    if (others) cells[places.get(otherColumn)!] = textOf(others)
    return `${JSON.stringify(cells)}\n`
  }

  return {
    sql: '',
    params: {},
    columns: columns.map(({ name, type }) => ({
      name,
      type: name === growing?.name ? `Nullable(${engineTypes[type]})` : 'Nullable(String)',
    })),
    untyped: true,
    types: [...columns],
    ...incrementalTable(growth),
    async land(folder, { rows, from, signal }) {
      const path = join(folder, 'documents.jsonl')
      async function* lines() {
        let some: string[] = []
        for await (const document of read({ rows, from, signal })) {
          some.push(lineOf(document))
          if (some.length < page) continue
          yield some.join('')
          some = []
        }
        yield some.join('')
      }
      await pipeline(Readable.from(lines()), createWriteStream(path), signal ? { signal } : {})
      return {
        sql: `(SELECT ${selected.join(', ')} FROM file({path:String}, JSONCompactEachRow, {structure:String}))`,
        params: { path, structure: text },
      }
    },
  }
}

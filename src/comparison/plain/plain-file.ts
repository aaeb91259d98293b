import { closeSync, openSync, readSync } from 'node:fs'
import type { ColumnMetaData, SchemaElement } from 'hyparquet'
import { parquetMetadata } from 'hyparquet/src/metadata.js'
import { NeedsEngine } from './needs-engine.ts'

/** How the values of a column become numbers, texts or moments. */
export type PlainKind = 'number' | 'text' | 'bool' | 'time'

export interface PlainColumn {
  name: string
  /** as the engine calls it */
  type: string
  kind: PlainKind
  /** a value may be missing */
  optional: boolean
  unsigned: boolean
  /** of a time: units a second; 0 of a date, in days */
  resolution: number
  /** the column's bytes, one piece a group of rows */
  pieces: { meta: ColumnMetaData; firstRow: number; rows: number }[]
}

/** A Parquet file whose columns are read here, without an engine. */
export interface PlainFile {
  descriptor: number
  bytes: number
  rows: number
  /** undefined where the engine has to read a column */
  columns: ReadonlyMap<string, PlainColumn | undefined>
}

const TAIL = 1 << 16

/** Reads the footer of a file. Throws where it is not what it should be. */
export function openPlainFile(path: string, bytes: number): PlainFile {
  const descriptor = openSync(path, 'r')
  try {
    return { descriptor, bytes, ...readFooter(descriptor, bytes) }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function readFooter(descriptor: number, bytes: number): Pick<PlainFile, 'rows' | 'columns'> {
  let tail = readAt(descriptor, Math.max(0, bytes - TAIL), Math.min(bytes, TAIL))
  const footer = tail.readUInt32LE(tail.length - 8) + 8
  if (footer > bytes) throw new NeedsEngine('its footer is damaged')
  if (footer > tail.length) tail = readAt(descriptor, bytes - footer, footer)
  const { schema, row_groups: groups, num_rows: rows } = parquetMetadata(tail, { geoparquet: false })
  const columns = new Map<string, PlainColumn | undefined>()
  // a flat table: the root, and a leaf for each column
  const root = schema[0]!
  if (schema.length !== (root.num_children ?? 0) + 1) throw new NeedsEngine('it has nested columns')
  schema.slice(1).forEach((element, i) => {
    const told = describe(element)
    columns.set(element.name, told && { ...told, name: element.name, pieces: [] })
    let firstRow = 0
    for (const group of groups) {
      const meta = group.columns[i]?.meta_data
      const rows = Number(group.num_rows)
      if (!meta) throw new NeedsEngine('a column is kept elsewhere')
      columns.get(element.name)?.pieces.push({ meta, firstRow, rows })
      firstRow += rows
    }
  })
  if (columns.size !== schema.length - 1) throw new NeedsEngine('two columns have one name')
  return { rows: Number(rows), columns }
}

export function readAt(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(length)
  let read = 0
  while (read < length) {
    const more = readSync(descriptor, buffer, read, length - read, position + read)
    if (more === 0) throw new NeedsEngine('it is cut off')
    read += more
  }
  return buffer
}

type Told = Omit<PlainColumn, 'name' | 'pieces'>

const SECOND = { MILLIS: 1e3, MICROS: 1e6, NANOS: 1e9 } as const

function describe(element: SchemaElement): Told | undefined {
  const { type, converted_type: converted, logical_type: logical, repetition_type: repetition } = element
  if (repetition !== 'REQUIRED' && repetition !== 'OPTIONAL') return undefined
  const told = (type: string, kind: PlainKind, more: Partial<Told> = {}): Told => ({
    type,
    kind,
    optional: repetition === 'OPTIONAL',
    unsigned: false,
    resolution: 0,
    ...more,
  })
  if (type === 'BOOLEAN') return told('Bool', 'bool')
  if (type === 'FLOAT' || type === 'DOUBLE')
    return converted === undefined && logical === undefined
      ? told(type === 'FLOAT' ? 'Float32' : 'Float64', 'number')
      : undefined
  if (type === 'BYTE_ARRAY')
    return (converted === undefined || converted === 'UTF8') && (logical === undefined || logical.type === 'STRING')
      ? told('String', 'text')
      : undefined
  if (type !== 'INT32' && type !== 'INT64') return undefined
  const whole = type === 'INT32' ? 'Int32' : 'Int64'
  if (logical?.type === 'TIMESTAMP') {
    const resolution = SECOND[logical.unit]
    const digits = Math.log10(resolution)
    return told(`DateTime64(${digits}${logical.isAdjustedToUTC ? ", 'UTC'" : ''})`, 'time', { resolution })
  }
  if (logical?.type === 'DATE' || (logical === undefined && converted === 'DATE')) return told('Date32', 'time')
  if (logical !== undefined && logical.type !== 'INTEGER') return undefined
  if (converted === undefined) return logical === undefined ? told(whole, 'number') : undefined
  const integer = /^(U?)INT_(8|16|32|64)$/.exec(converted)
  return integer ? told(`${integer[1]}Int${integer[2]}`, 'number', { unsigned: integer[1] === 'U' }) : undefined
}

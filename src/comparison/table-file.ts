import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { KedgeError } from '../errors.ts'

export type TableFormat = 'parquet' | 'csv' | 'tsv' | 'jsonl'

export interface TableFile {
  path: string
  /** as people know it: the file's name */
  name: string
  format: TableFormat
  compressed: boolean
  bytes: number
}

const ENDINGS: readonly [RegExp, TableFormat][] = [
  [/\.(parquet|parq|pq)$/i, 'parquet'],
  [/\.csv$/i, 'csv'],
  [/\.(tsv|tab)$/i, 'tsv'],
  [/\.(jsonl|ndjson)$/i, 'jsonl'],
]
const COMPRESSED = /\.(gz|zst|xz|br|bz2|lz4)$/i
/** Bytes at the start of a text file that are looked at. */
const LOOKED_AT = 1 << 20

export const unreadable = (file: string, what: string, cause?: unknown) =>
  new KedgeError('table_unreadable', { file, what }, { cause })

/** Looks at a file before the engine does. Errors: `table_unreadable` with what is wrong and where. */
export async function tableFile(path: string): Promise<TableFile> {
  const name = basename(path)
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(
      path,
      cause.code === 'ENOENT' ? 'there is no such file' : `it cannot be opened (${cause.code})`,
      cause,
    )
  })
  if (!found.isFile()) throw unreadable(path, 'it is no plain file')
  const plain = path.replace(COMPRESSED, '')
  const compressed = plain !== path
  const format = ENDINGS.find(([ending]) => ending.test(plain))?.[1]
  if (!format)
    throw unreadable(path, 'its name ends in none of .parquet, .csv, .tsv, .jsonl (texts also with .gz, .zst, .xz)')
  if (found.size === 0) throw unreadable(path, 'it is empty')
  const file: TableFile = { path, name, format, compressed, bytes: found.size }
  if (format === 'parquet') await checkParquet(file)
  else if (!compressed) await checkText(file)
  return file
}

async function bytesOf(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, `it cannot be opened (${cause.code})`, cause)
  })
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function checkParquet({ path, bytes }: TableFile): Promise<void> {
  const head = (await bytesOf(path, 0, 4)).toString('latin1')
  if (head === 'PARE') throw unreadable(path, 'it is encrypted')
  if (head !== 'PAR1') throw unreadable(path, 'it is no Parquet file')
  const end = await bytesOf(path, Math.max(0, bytes - 8), 8)
  if (bytes < 12 || end.subarray(4).toString('latin1') !== 'PAR1')
    throw unreadable(path, `it is cut off: its last bytes (of ${bytes}) are no Parquet footer`)
  if (end.readUInt32LE(0) > bytes - 12) throw unreadable(path, 'its footer is damaged')
}

async function checkText({ path, bytes }: TableFile): Promise<void> {
  const head = await bytesOf(path, 0, LOOKED_AT)
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff))
    throw unreadable(path, 'it is written in UTF-16; save it as UTF-8')
  if (head.includes(0))
    throw unreadable(path, `it has a zero byte in line ${lineOf(head, head.indexOf(0))}: it is no text`)
  const wrong = firstBadByte(head, head.length === bytes)
  if (wrong !== undefined)
    throw unreadable(
      path,
      `line ${lineOf(head, wrong)} is not UTF-8 (byte 0x${head[wrong]!.toString(16)} at ${wrong}); save it as UTF-8`,
    )
}

const lineOf = (bytes: Buffer, position: number) => {
  let line = 1
  for (let i = bytes.indexOf(10); i >= 0 && i < position; i = bytes.indexOf(10, i + 1)) line++
  return line
}

/** Where the text stops to be UTF-8; the end of a piece may cut a character. */
function firstBadByte(bytes: Buffer, whole: boolean): number | undefined {
  const decodes = (length: number) => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream: true })
      return true
    } catch {
      return false
    }
  }
  if (decodes(bytes.length)) {
    if (!whole) return undefined
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      return undefined
    } catch {
      return bytes.length - 1
    }
  }
  let low = 0
  let high = bytes.length
  while (high - low > 1) {
    const mid = (low + high) >> 1
    if (decodes(mid)) low = mid
    else high = mid
  }
  // the byte that promised more than what follows
  let start = high - 1
  while (start > 0 && high - 1 - start < 3 && (bytes[start]! & 0xc0) === 0x80) start--
  return start > 0 && (bytes[start]! & 0xc0) !== 0xc0 && bytes[start - 1]! >= 0xc0 ? start - 1 : start
}

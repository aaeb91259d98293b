import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../../log.ts'
import { decodeFrames, encodeFrame } from './spool-frame.ts'

export interface SpoolOptions {
  directory: string
  log: Logger
  segmentBytes?: number
  /** what may wait on the disk at most; what comes when it is full is dropped and counted */
  limitBytes?: number
}

/** Records that were appended together and are sent together, under a token that is the same at every try. */
export interface SpoolBatch {
  token: string
  records: Buffer
}

export interface Spool {
  /**
   * Writes records of so many predictions; when it returns true they survive the death of this process. What it does
   * not take counts as dropped, unless its predictions are refused then.
   */
  append(records: readonly Buffer[], rows: number, whenFull?: 'answer' | 'refuse'): boolean
  /** The next records that are not acknowledged, at most about `bytes`; undefined when there are none. */
  next(bytes: number): Promise<SpoolBatch | undefined>
  /** The last batch of `next` has arrived. */
  acknowledge(): Promise<void>
  /** The last batch of `next` can never arrive: it is kept in `rejected/` and passed over. */
  reject(): Promise<void>
  /** bytes that may wait at most */
  readonly limit: number
  /** bytes that wait, and predictions that were dropped because the limit was reached or the disk was full */
  status(): { bytes: number; dropped: number; rejected: number; full: boolean }
  close(): void
}

interface Position {
  segment: number
  offset: number
  /** end of the batch that is being sent; kept so that a repeated try sends the same bytes */
  until: number | null
}

const name = (segment: number) => `${String(segment).padStart(10, '0')}.spool`

/**
 * Predictions on their way to control: append-only segments of frames on the local disk. Every start begins a new segment,
 * so a frame that was torn by a crash is the last of its segment and nothing follows it.
 */
export function openSpool({
  directory,
  log,
  segmentBytes = 8 * 2 ** 20,
  limitBytes = 2 * 2 ** 30,
}: SpoolOptions): Spool {
  mkdirSync(directory, { recursive: true })
  const id = spoolId(directory)
  const positionFile = join(directory, 'position.json')
  const sizes = new Map<number, number>()
  for (const file of readdirSync(directory)) {
    const match = /^(\d{10})\.spool$/.exec(file)
    if (match) sizes.set(Number(match[1]), statSync(join(directory, file)).size)
  }
  let position: Position = readPosition(positionFile) ?? {
    segment: Math.min(...sizes.keys(), 1),
    offset: 0,
    until: null,
  }
  let active = Math.max(position.segment - 1, 0, ...sizes.keys()) + 1
  let file = openSync(join(directory, name(active)), 'a')
  sizes.set(active, 0)
  let waiting =
    [...sizes].reduce((sum, [segment, size]) => (segment < position.segment ? sum : sum + size), 0) - position.offset
  let dropped = 0
  let rejected = 0
  let full: 'limit' | 'disk' | undefined
  let dirty = false
  let sending: { end: number; payload: Buffer } | undefined

  const syncing = setInterval(() => {
    if (!dirty) return
    dirty = false
    fdatasync(file, () => {})
  }, 1000)
  syncing.unref()

  /** The old segment is let go only when the new one is there: on a full disk it may not be. */
  function rotate() {
    const next = openSync(join(directory, name(active + 1)), 'a')
    closeSync(file)
    file = next
    active++
    sizes.set(active, 0)
  }

  function drop(rows: number, whenFull: 'answer' | 'refuse', why?: unknown) {
    if (whenFull === 'answer') dropped += rows
    if (!full)
      log.error(
        { err: why, bytes: waiting, limit: limitBytes },
        'predictions are no longer recorded: the spool is full',
      )
    full = why === undefined ? 'limit' : 'disk'
    return false
  }

  async function savePosition(next: Position) {
    const temporary = `${positionFile}.new`
    const out = await open(temporary, 'w')
    try {
      await out.writeFile(JSON.stringify(next))
      await out.datasync()
    } finally {
      await out.close()
    }
    await rename(temporary, positionFile)
    position = next
  }

  /** Moves on to the first segment that has something after the position. */
  async function skipFinished() {
    while (position.segment < active && position.offset >= (sizes.get(position.segment) ?? 0)) {
      const done = position.segment
      await savePosition({
        segment: Math.min(active, ...[...sizes.keys()].filter((segment) => segment > done)),
        offset: 0,
        until: null,
      })
      for (const segment of [...sizes.keys()].filter((old) => old < position.segment)) {
        sizes.delete(segment)
        await rm(join(directory, name(segment)), { force: true })
      }
    }
  }

  async function passOver(end: number) {
    const passed = end - position.offset
    await savePosition({ segment: position.segment, offset: end, until: null })
    waiting -= passed
    sending = undefined
    await skipFinished()
  }

  return {
    limit: limitBytes,

    append(records, rows, whenFull = 'answer') {
      if (waiting >= limitBytes) return drop(rows, whenFull)
      const frame = encodeFrame(records)
      const before = sizes.get(active)!
      try {
        for (let written = 0; written < frame.length; ) written += writeSync(file, frame, written)
      } catch (error) {
        // whatever follows a torn frame could not be read
        try {
          ftruncateSync(file, before)
        } catch {
          rotate()
        }
        return drop(rows, whenFull, error)
      }
      full = undefined
      dirty = true
      sizes.set(active, before + frame.length)
      waiting += frame.length
      if (before + frame.length >= segmentBytes) {
        try {
          rotate()
        } catch {
          // the segment grows beyond its size until there is space for the next
        }
      }
      return true
    },

    async next(bytes) {
      for (;;) {
        await skipFinished()
        const size = sizes.get(position.segment) ?? 0
        const { segment, offset, until } = position
        if (offset >= size) return undefined
        let chunk = readAt(
          join(directory, name(segment)),
          offset,
          until === null ? Math.min(bytes, size - offset) : until - offset,
        )
        let { payloads, end } = decodeFrames(chunk)
        if (end === 0 && chunk.length < size - offset) {
          // one frame is larger than what was asked for
          chunk = readAt(join(directory, name(segment)), offset, size - offset)
          const first = decodeFrames(chunk)
          payloads = first.payloads.slice(0, 1)
          end = payloads.length > 0 ? payloads[0]!.length + 8 : 0
        }
        if (end === 0) {
          if (segment === active) return undefined
          log.warn({ segment, offset, bytes: size - offset }, 'the end of a spool segment was torn by a crash')
          waiting -= size - offset
          await savePosition({ segment, offset: size, until: null })
          continue
        }
        if (until === null) await savePosition({ segment, offset, until: offset + end })
        const payload = Buffer.concat(payloads)
        sending = { end: offset + end, payload }
        return { token: `${id}/${segment}/${offset}`, records: payload }
      }
    },

    async acknowledge() {
      if (sending) await passOver(sending.end)
    },

    async reject() {
      if (!sending) return
      await mkdir(join(directory, 'rejected'), { recursive: true })
      await writeFile(join(directory, 'rejected', `${position.segment}-${position.offset}`), sending.payload)
      rejected++
      await passOver(sending.end)
    },

    status: () => ({ bytes: waiting, dropped, rejected, full: full === 'disk' || waiting >= limitBytes }),

    close() {
      clearInterval(syncing)
      fsyncSync(file)
      closeSync(file)
    },
  }
}

function spoolId(directory: string): string {
  const path = join(directory, 'id')
  if (existsSync(path)) return readFileSync(path, 'utf8')
  const id = randomBytes(9).toString('base64url')
  const file = openSync(path, 'w')
  writeSync(file, id)
  fsyncSync(file)
  closeSync(file)
  return id
}

function readPosition(path: string): Position | undefined {
  if (!existsSync(path)) return undefined
  return JSON.parse(readFileSync(path, 'utf8')) as Position
}

function readAt(path: string, offset: number, length: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.allocUnsafe(length)
    let read = 0
    while (read < length) {
      const got = readSync(file, bytes, read, length - read, offset + read)
      if (got === 0) break
      read += got
    }
    return bytes.subarray(0, read)
  } finally {
    closeSync(file)
  }
}

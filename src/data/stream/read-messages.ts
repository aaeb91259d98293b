import type { PayloadDecoder, PayloadRow } from '../../contracts/payload.ts'
import type { StreamMessage, StreamSettings } from '../../contracts/stream-source.ts'
import { cell, lineOf, packLines, type RowWriter, type WrittenRows } from './row-writer.ts'
import type { SeenIds } from './seen-ids.ts'

export interface MessageReader {
  /** Decodes a message and keeps its rows, or keeps it as a dead letter with the reason. */
  read(message: StreamMessage, receivedAt: number): void
  /** rows and dead letters that wait */
  readonly waiting: number
  /** their size, about bytes */
  readonly size: number
  take(): { rows: WrittenRows | undefined; dead: WrittenRows | undefined; repeated: number }
}

export interface MessageReaderInput {
  settings: Pick<StreamSettings, 'id' | 'time'>
  /** absent where the peer sends rows */
  decoder?: PayloadDecoder | undefined
  writer: RowWriter
  seen?: SeenIds | undefined
  /** told of every dead letter */
  rejected?(message: StreamMessage, reason: string): void
}

const units = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 } as const

/** A device's time in milliseconds since 1970; undefined when it is none. */
function milliseconds(value: unknown, unit: keyof typeof units | 'iso'): number | undefined {
  if (value instanceof Date) return value.getTime()
  const found = unit === 'iso' ? Date.parse(String(value)) : Number(value) * units[unit]
  return value === null || value === undefined || !Number.isFinite(found) ? undefined : found
}

/** From messages to rows: decoding, ids that were seen, clocks that are ahead. What cannot be landed is a dead letter. */
export function createMessageReader({ settings, decoder, writer, seen, rejected }: MessageReaderInput): MessageReader {
  const { id, time } = settings
  let dead: string[] = []
  let deadSize = 0
  let repeated = 0

  function reject(message: StreamMessage, receivedAt: number, reason: string) {
    const { payload, topic, place, columns } = message
    rejected?.(message, reason)
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('base64')
    const line = lineOf([receivedAt, ...[place, topic, reason, JSON.stringify(columns), bytes].map(cell)])
    dead.push(line)
    deadSize += line.length
  }

  /** What is wrong with the clock of one of the rows. */
  function clockFault(rows: readonly PayloadRow[], message: StreamMessage, receivedAt: number): string | undefined {
    if (!time) return undefined
    for (const row of rows) {
      const at = milliseconds(row[time.column] ?? message.columns[time.column], time.unit)
      if (at !== undefined && at - receivedAt > time.ahead * 1000)
        return `${time.column} is ${Math.round((at - receivedAt) / 1000)} s ahead of the time of receipt`
    }
    return undefined
  }

  return {
    get waiting() {
      return writer.rows + dead.length
    },
    get size() {
      return writer.size + deadSize
    },
    read(message, receivedAt) {
      let rows: PayloadRow[]
      try {
        rows = message.row ? [message.row] : decoder!.decode(message)
      } catch (error) {
        return reject(message, receivedAt, (error as Error).message.slice(0, 300))
      }
      const fault = clockFault(rows, message, receivedAt)
      if (fault !== undefined) return reject(message, receivedAt, fault)
      for (const row of rows) {
        if (seen && id !== undefined) {
          const value = row[id] ?? message.columns[id]
          if (value !== undefined && value !== null && !seen.add(String(value))) {
            repeated++
            continue
          }
        }
        if (time) {
          const at = milliseconds(row[time.column] ?? message.columns[time.column], time.unit)
          const skew = at === undefined ? null : Math.round(at - receivedAt)
          writer.add(receivedAt, { ...message.columns, _clock_skew: skew }, row)
        } else writer.add(receivedAt, message.columns, row)
      }
    },
    take() {
      const taken = {
        rows: writer.rows > 0 ? writer.take() : undefined,
        dead: dead.length > 0 ? packLines(dead) : undefined,
        repeated,
      }
      dead = []
      deadSize = 0
      repeated = 0
      return taken
    },
  }
}

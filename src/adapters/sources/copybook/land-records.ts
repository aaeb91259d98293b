import { closeSync, fstatSync, openSync, readSync, writevSync } from 'node:fs'
import { KedgeError } from '../../../errors.ts'
import { writeLength } from '../../../mainframe/column-values.ts'
import { type DecodedBatch, decodeFile } from '../../../mainframe/decode-file.ts'
import type { DecodeOptions } from '../../../mainframe/decode-options.ts'
import { createRowDecoder } from '../../../mainframe/decode-rows.ts'
import type { Plan } from '../../../mainframe/plan.ts'
import { checkFileSize, type RecordForm } from '../../../mainframe/record-form.ts'
import { blockHead, columnBody, columnHead, engineTypes } from './native-block.ts'

export interface LandRecords {
  /** file with records */
  from: string
  /** file that is written */
  to: string
  plan: Plan
  options: DecodeOptions
  form: RecordForm
  /** as many rows are enough */
  rows?: number | undefined
  /** which of several files it is */
  name?: string | undefined
}

export const position = '__position'
export const faultNumber = '__fault'
export const faultFound = '__found'

/** The columns of the written file, as the engine is told them. */
export const landedColumns = (plan: Plan): { name: string; type: string }[] => [
  ...plan.columns.map(({ name, storage }) => ({ name, type: engineTypes[storage] })),
  { name: position, type: 'UInt64' },
  { name: faultNumber, type: 'UInt8' },
  { name: faultFound, type: 'String' },
]

/**
 * Decodes a file of records into one that the engine reads (Native). Gives the number of rows.
 * Synchronous: it belongs into a thread.
 * Errors: `source_unreadable` names record and byte.
 */
export function landRecords({ from, to, plan, options, form, rows: enough, name }: LandRecords): number {
  const input = openSync(from, 'r')
  const output = openSync(to, 'w')
  try {
    const { size } = fstatSync(input)
    checkFileSize(size, form, plan.record)
    const read = (target: Uint8Array, at: number) => {
      for (let done = 0; done < target.length; ) {
        const bytes = readSync(input, target, done, target.length - done, at + done)
        if (bytes === 0)
          throw new KedgeError('source_unreadable', {
            source: '',
            what: `it ended at byte ${at + done} while it was read`,
          })
        done += bytes
      }
    }
    const heads = landedColumns(plan).map(({ name, type }) => columnHead(name, type))
    const decoder = createRowDecoder(plan, options)
    const piece = enough === undefined ? undefined : 65_536
    let written = 0
    for (const batch of decodeFile({ size, read, form, decoder, ...(piece ? { piece } : {}) })) {
      const { rows } = batch
      const { count } = rows
      if (count === 0) continue
      const parts: Uint8Array[] = [blockHead(heads.length, count)]
      for (const [i, column] of rows.columns.entries()) parts.push(heads[i]!, ...columnBody(column, count))
      const places = new BigUint64Array(count)
      for (let i = 0; i < count; i++) places[i] = BigInt(written + i)
      parts.push(heads.at(-3)!, new Uint8Array(places.buffer))
      parts.push(heads.at(-2)!, rows.fault.subarray(0, count))
      parts.push(heads.at(-1)!, foundFaults(batch, plan, name))
      writeAll(output, parts)
      written += count
      if (enough !== undefined && written >= enough) break
    }
    return written
  } finally {
    closeSync(input)
    closeSync(output)
  }
}

function writeAll(file: number, parts: readonly Uint8Array[]) {
  // as many pieces as one call of the system takes
  for (let i = 0; i < parts.length; i += 512) {
    const some = parts.slice(i, i + 512)
    let left = some.reduce((sum, part) => sum + part.length, 0)
    left -= writevSync(file, some)
    if (left > 0) throw Object.assign(new Error('the disk took less than it was given'), { code: 'ENOSPC' })
  }
}

/** For each row the field that has a fault: its name, where it is, its bytes. */
function foundFaults({ rows, firstRecord, fileOffset }: DecodedBatch, plan: Plan, file?: string): Uint8Array {
  const { count, fault } = rows
  const texts = new Map<number, Buffer>()
  let size = count
  for (let i = 0; i < count; i++) {
    if (fault[i] === 0) continue
    const step = plan.steps[rows.faultStep[i]!]!
    const field = 'field' in step ? step.field : undefined
    const at = rows.faultAt[i]!
    const name =
      step.do === 'column'
        ? plan.columns[step.column]!.title
        : step.do === 'count'
          ? step.name
          : 'the id of the segment'
    const place = fileOffset(at)
    const record = firstRecord + (rows.records?.[i] ?? i) + 1
    const bytes = Buffer.from(rows.bytes.subarray(at, at + Math.min(field?.size ?? 0, 32)))
      .toString('hex')
      .toUpperCase()
    const where = place === undefined ? 'in a segment above' : `at byte ${place}`
    const text = Buffer.from(`${name} in record ${record} ${where}${file ? ` of ${file}` : ''}: ${bytes}`)
    texts.set(i, text)
    size += text.length + 3
  }
  const out = new Uint8Array(size)
  if (texts.size === 0) return out
  let used = 0
  for (let i = 0; i < count; i++) {
    const text = texts.get(i)
    used = writeLength(out, used, text?.length ?? 0)
    if (!text) continue
    out.set(text, used)
    used += text.length
  }
  return out.subarray(0, used)
}

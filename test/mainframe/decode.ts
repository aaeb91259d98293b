import { readColumn } from '../../src/mainframe/column-values.ts'
import { compileCopybook } from '../../src/mainframe/compile-copybook.ts'
import { decodeFile } from '../../src/mainframe/decode-file.ts'
import { type DecodeOptions, usualOptions } from '../../src/mainframe/decode-options.ts'
import { createRowDecoder } from '../../src/mainframe/decode-rows.ts'
import { makePlan } from '../../src/mainframe/make-plan.ts'
import type { RecordForm } from '../../src/mainframe/record-form.ts'
import { faultReasons } from '../../src/mainframe/rows.ts'

const none = { bytes: 0, records: 0 }
export type Value = string | number | bigint | null

/** Rows of a file as objects; those with a fault have it as `fault`. */
export async function decode(
  copybook: string,
  file: Buffer,
  given: Partial<DecodeOptions> & Partial<RecordForm> & { piece?: number; members?: Record<string, string> } = {},
): Promise<Record<string, Value>[]> {
  const options = { ...usualOptions, ...given }
  const plan = makePlan(
    await compileCopybook(copybook, async (name) => given.members?.[name] ?? '', {
      decimalComma: options.decimalComma,
    }),
    options,
  )
  const form: RecordForm = {
    records: 'fixed',
    length: plan.longest,
    littleEndian: false,
    excludesItself: false,
    header: none,
    footer: none,
    ...given,
  }
  const decoder = createRowDecoder(plan, options)
  const read = (target: Uint8Array, at: number) => void file.copy(target, 0, at, at + target.length)
  const found: Record<string, Value>[] = []
  const { piece } = given
  for (const { rows } of decodeFile({ size: file.length, read, form, decoder, ...(piece ? { piece } : {}) })) {
    const values = rows.columns.map((column) => readColumn(column, rows.count))
    for (let i = 0; i < rows.count; i++) {
      const row: Record<string, Value> = Object.fromEntries(plan.columns.map(({ name }, j) => [name, values[j]![i]!]))
      if (rows.fault[i] !== 0) row.fault = faultReasons[rows.fault[i]!]!
      found.push(row)
    }
  }
  return found
}

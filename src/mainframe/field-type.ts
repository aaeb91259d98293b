import type { CopybookItem, Usage } from './copybook-item.ts'
import { copybookError } from './copybook-tokens.ts'

/** How the bytes of an elementary item are read. */
export type FieldType =
  | { kind: 'text' }
  | { kind: 'double' }
  | { kind: 'national' }
  | { kind: 'zoned'; digits: number; scale: number; signed: boolean; leading: boolean; separate: boolean }
  | { kind: 'packed'; digits: number; scale: number; signed: boolean; signNibble: boolean }
  | { kind: 'binary'; digits: number; scale: number; signed: boolean; native: boolean }
  | { kind: 'float' }
  | { kind: 'edited'; scale: number }
  /** addresses and indices, which mean nothing in a file */
  | { kind: 'opaque' }

/** Bytes that a binary number of so many digits has. */
const binaryBytes = (digits: number) => (digits <= 4 ? 2 : digits <= 9 ? 4 : digits <= 18 ? 8 : 16)
const shortBytes = (digits: number) => Math.max(1, Math.ceil((digits * Math.log2(10)) / 8))

/** The type, the size in bytes and the boundary for SYNCHRONIZED of an elementary item. Errors: `source_unreadable`. */
export function fieldType(
  item: CopybookItem,
  inherited: { usage?: Usage | undefined; sign?: CopybookItem['sign'] | undefined },
): { type: FieldType; size: number; boundary: number } {
  const { picture, line } = item
  const usage = item.usage ?? inherited.usage ?? 'display'
  const name = item.name ?? 'FILLER'
  if (usage === 'float') return { type: { kind: 'float' }, size: 4, boundary: 4 }
  if (usage === 'double float') return { type: { kind: 'float' }, size: 8, boundary: 8 }
  if (usage === 'index' || usage === 'pointer') return { type: { kind: 'opaque' }, size: item.bytes ?? 4, boundary: 4 }
  if (item.bytes !== undefined) {
    const digits = { 1: 3, 2: 5, 4: 10 }[item.bytes] ?? 19
    const type = { kind: 'binary', digits, scale: 0, signed: item.unsigned !== true, native: true } as const
    return { type, size: item.bytes, boundary: item.bytes }
  }
  if (!picture) throw copybookError(line, `${name} without a PICTURE and without items below it`)
  const { digits, scale, signed } = picture
  if (picture.kind !== 'number') {
    if (!['display', 'national', 'double'].includes(usage))
      throw copybookError(line, `${name} with PICTURE ${picture.text}, which is no number, but a numeric USAGE`)
    if (picture.kind === 'double')
      return {
        type: { kind: usage === 'double' || /G/.test(picture.text) ? 'double' : 'national' },
        size: picture.size,
        boundary: 1,
      }
    if (picture.kind === 'edited number') return { type: { kind: 'edited', scale }, size: picture.size, boundary: 1 }
    return { type: { kind: 'text' }, size: picture.size, boundary: 1 }
  }
  if (digits > 38) throw copybookError(line, `${name} with ${digits} digits: 38 are the most`)
  switch (usage) {
    case 'packed':
      return { type: { kind: 'packed', digits, scale, signed, signNibble: true }, size: (digits >> 1) + 1, boundary: 1 }
    case 'packed without sign':
      return {
        type: { kind: 'packed', digits, scale, signed: false, signNibble: false },
        size: (digits + 1) >> 1,
        boundary: 1,
      }
    case 'binary':
    case 'native binary':
    case 'short binary': {
      const size = usage === 'short binary' ? shortBytes(digits) : binaryBytes(digits)
      const type = { kind: 'binary', digits, scale, signed, native: usage === 'native binary' } as const
      return { type, size, boundary: size === 2 ? 2 : size >= 4 ? 4 : 1 }
    }
    default: {
      const { leading, separate } = (signed ? (item.sign ?? inherited.sign) : undefined) ?? {
        leading: false,
        separate: false,
      }
      const type = { kind: 'zoned', digits, scale, signed, leading, separate } as const
      return { type, size: digits + (separate ? 1 : 0), boundary: 1 }
    }
  }
}

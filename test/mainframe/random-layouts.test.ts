/** Random copybooks: what is encoded by the manuals' rules is what is decoded. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codePage, noCharacter } from '../../src/mainframe/code-page.ts'
import { decode, type Value } from './decode.ts'
import {
  binary,
  hexadecimalFloat,
  packed,
  packedWithoutSign,
  text,
  withBlocks,
  withDescriptors,
  zoned,
} from './encode.ts'

interface Item {
  clause: string
  /** so many different records */
  encoded: Buffer[]
  values: Value[]
}

const records = 5
const many = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: records, maxLength: records })
const whole = (digits: number, signed: boolean) => {
  const most = 10n ** BigInt(digits) - 1n
  return fc.bigInt({ min: signed ? -most : 0n, max: most })
}
/** A decimal text of a whole number with `scale` places, as a column has it. */
function expected(value: bigint, scale: number, digits: number): Value {
  if (scale <= 0 && digits - scale <= 18) {
    const all = value * 10n ** BigInt(-scale)
    return Number.isSafeInteger(Number(all)) ? Number(all) : all
  }
  return Number(`${value}e${-scale}`) + 0
}
const picture = (digits: number, scale: number, signed: boolean) => {
  const sign = signed ? 'S' : ''
  if (scale < 0) return `${sign}9(${digits})${'P'.repeat(-scale)}`
  if (scale === 0) return `${sign}9(${digits})`
  if (scale > digits) return `${sign}V${'P'.repeat(scale - digits)}9(${digits})`
  return scale === digits ? `${sign}V9(${scale})` : `${sign}9(${digits - scale})V9(${scale})`
}

const number = (
  most: number,
  usage: (signed: boolean) => fc.Arbitrary<{ words: string; encode(value: bigint, digits: number): Buffer }>,
  onlyUnsigned = false,
): fc.Arbitrary<Item> =>
  fc
    .record({
      digits: fc.integer({ min: 1, max: most }),
      signed: fc.boolean(),
      scale: fc.integer({ min: -3, max: 10 }),
    })
    .chain(({ digits, signed: wanted, scale }) => {
      const signed = wanted && !onlyUnsigned
      return fc.tuple(many(whole(digits, signed)), usage(signed)).map(([values, { words, encode }]) => ({
        clause: `PIC ${picture(digits, scale, signed)} ${words}`,
        encoded: values.map((value) => encode(value, digits)),
        values: values.map((value) => expected(value, scale, digits)),
      }))
    })

const zonedItem = number(31, (signed) =>
  (signed ? fc.constantFrom('trailing', 'leading', 'trailing separate', 'leading separate') : fc.constant('none')).map(
    (sign) => ({
      words: sign === 'none' ? '' : `SIGN IS ${sign.toUpperCase()}`,
      encode: (value, digits) => zoned(value, digits, sign as 'none'),
    }),
  ),
)
const packedItem = number(31, (signed) =>
  fc.constantFrom('COMP-3', 'USAGE IS PACKED-DECIMAL', 'COMPUTATIONAL-3').map((words) => ({
    words,
    encode: (value, digits) => packed(value, digits, signed),
  })),
)
const unsignedItem = number(18, () => fc.constant({ words: 'COMP-6', encode: packedWithoutSign }), true)
const binaryItem = number(18, () =>
  fc.constantFrom('COMP', 'COMP-4', 'BINARY', 'COMP-5').map((words) => ({
    words,
    encode: (value, digits) => binary(value, digits <= 4 ? 2 : digits <= 9 ? 4 : 8),
  })),
)
const floatItem: fc.Arbitrary<Item> = many(fc.double({ min: -1e30, max: 1e30, noNaN: true })).map((values) => ({
  clause: 'COMP-2',
  encoded: values.map((value) => hexadecimalFloat(Math.abs(value) < 1e-60 ? 0 : value, 8)),
  values: values.map((value) => (Math.abs(value) < 1e-60 ? 0 : value)),
}))

const { single } = codePage('500')
const printable = Array.from(single).filter(
  (unit) => unit >= 0x20 && unit !== noCharacter && (unit < 0x7f || unit > 0x9f),
)
const textItem: fc.Arbitrary<Item> = fc.integer({ min: 1, max: 200 }).chain((size) =>
  many(fc.array(fc.constantFrom(...printable), { maxLength: size }).map((units) => String.fromCharCode(...units))).map(
    (values) => ({
      clause: `PIC X(${size})`,
      encoded: values.map((value) => text(value, size, '500')),
      values: values.map((value) => value.replace(/ +$/, '') || null),
    }),
  ),
)

const item = fc.oneof(zonedItem, packedItem, unsignedItem, binaryItem, floatItem, textItem)

test('random records in fixed form, with descriptors, in blocks, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { minLength: 1, maxLength: 12 }),
      fc.constantFrom('fixed', 'rdw', 'bdw' as const),
      fc.integer({ min: 1, max: 400 }),
      async (items, form, piece) => {
        const copybook = `01 R.\n${items.map(({ clause }, i) => ` 05 F-${i} ${clause}.`).join('\n')}\n`
        const bodies = Array.from({ length: records }, (_, i) => Buffer.concat(items.map(({ encoded }) => encoded[i]!)))
        const file =
          form === 'fixed' ? Buffer.concat(bodies) : form === 'rdw' ? withDescriptors(bodies) : withBlocks(bodies, 2)
        const found = await decode(copybook, file, { codePage: '500', records: form as 'fixed', piece })
        expect(found).toEqual(
          Array.from({ length: records }, (_, i) =>
            Object.fromEntries(items.map(({ values }, j) => [`f_${j}`, values[i]!])),
          ),
        )
      },
    ),
    { numRuns: 150 },
  )
})

test('random bytes never end in anything but a row, with or without a fault', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { minLength: 1, maxLength: 8 }),
      fc.uint8Array({ minLength: 1, maxLength: 4000 }),
      async (items, bytes) => {
        const copybook = `01 R.\n${items.map(({ clause }, i) => ` 05 F-${i} ${clause}.`).join('\n')}\n`
        const size = items.reduce((sum, { encoded }) => sum + encoded[0]!.length, 0)
        const count = Math.max(1, Math.floor(bytes.length / size))
        const file = Buffer.alloc(count * size)
        for (let i = 0; i < file.length; i++) file[i] = bytes[i % bytes.length]!
        expect(await decode(copybook, file, { codePage: '500' })).toHaveLength(count)
      },
    ),
    { numRuns: 100 },
  )
})

test('random tables that depend on counts, within one another', async () => {
  const copybook = `01 R.
 05 A-COUNT PIC 9.
 05 A OCCURS 0 TO 3 TIMES DEPENDING ON A-COUNT.
  10 B-COUNT PIC 9 COMP-3.
  10 B OCCURS 0 TO 2 TIMES DEPENDING ON B-COUNT PIC 99.
  10 C PIC X.
 05 D PIC X(2).
`
  const shape = fc.array(fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 2 }), { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.array(shape, { minLength: 1, maxLength: 10 }), async (shapes) => {
      const bodies = shapes.map((outer) =>
        Buffer.concat([
          zoned(BigInt(outer.length), 1),
          ...outer.map((inner) =>
            Buffer.concat([
              packed(BigInt(inner.length), 1, false),
              ...inner.map((value) => zoned(BigInt(value), 2)),
              text('c', 1),
            ]),
          ),
          text('DD', 2),
        ]),
      )
      const found = await decode(copybook, withDescriptors(bodies), { records: 'rdw' })
      expect(found).toEqual(
        shapes.map((outer) => ({
          a_count: outer.length,
          ...Object.fromEntries(
            [0, 1, 2].flatMap((i) => [
              [`b_count_${i + 1}`, outer[i]?.length ?? null],
              ...[0, 1].map((j) => [`b_${i + 1}_${j + 1}`, outer[i]?.[j] ?? null]),
              [`c_${i + 1}`, outer[i] ? 'c' : null],
            ]),
          ),
          d: 'DD',
        })),
      )
    }),
    { numRuns: 60 },
  )
})

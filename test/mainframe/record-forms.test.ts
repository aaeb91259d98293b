import { describe, expect, test } from 'vitest'
import { decode } from './decode.ts'
import { text, withBlocks, withDescriptors } from './encode.ts'

describe('files', () => {
  const three = '01 R.\n 05 A PIC X(3).\n'
  const a = (rows: Record<string, unknown>[]) => rows.map((row) => row.a)

  test('header and footer in bytes and in records', async () => {
    const file = Buffer.concat([Buffer.from([1, 2]), text('HDRabcdefghiFTR', 15), Buffer.from([3])])
    const ends = { header: { bytes: 2, records: 1 }, footer: { bytes: 1, records: 1 } }
    expect(a(await decode(three, file, ends))).toEqual(['abc', 'def', 'ghi'])
    const records = ['HDR', 'abc', 'def', 'FT1', 'FT2'].map((value) => text(value, 3))
    const variable = { records: 'rdw', header: { bytes: 0, records: 1 }, footer: { bytes: 0, records: 2 } } as const
    for (const piece of [1, 5, 8, 100])
      expect(a(await decode(three, withDescriptors(records), { ...variable, piece }))).toEqual(['abc', 'def'])
    for (const piece of [1, 5, 8, 100])
      expect(a(await decode(three, withBlocks(records, 2), { ...variable, records: 'bdw', piece }))).toEqual([
        'abc',
        'def',
      ])
  })

  test('descriptors that are little-endian or do not count themselves, and large blocks', async () => {
    const records = ['abc', 'def'].map((value) => text(value, 3))
    expect(
      a(await decode(three, withDescriptors(records, { itself: false }), { records: 'rdw', excludesItself: true })),
    ).toEqual(['abc', 'def'])
    expect(
      a(await decode(three, withDescriptors(records, { little: true }), { records: 'rdw', littleEndian: true })),
    ).toEqual(['abc', 'def'])
    const many = Array.from({ length: 10_000 }, () => text('xyz', 3))
    expect(await decode(three, withBlocks(many, 6000), { records: 'bdw' })).toHaveLength(10_000)
  })

  test('records that end early: fields behind the end have no value, one that is cut is a fault', async () => {
    const long = '01 R.\n 05 A PIC X(3).\n 05 B PIC X(2).\n 05 C PIC 9(2).\n'
    const rows = await decode(long, withDescriptors([text('abcde12', 7), text('abcde', 5), text('abcd', 4)]), {
      records: 'rdw',
    })
    expect(rows[1]).toEqual({ a: 'abc', b: 'de', c: null })
    expect(rows[2]).toMatchObject({ a: 'abc', b: null, fault: expect.stringMatching(/ends within/) })
  })

  test.each([
    [
      Buffer.from([0, 2, 0, 0, 1, 2, 3, 4]),
      'rdw',
      /record 1 at byte 0 has the record descriptor word 00020000, the length 2/,
    ],
    [
      withDescriptors([text('abc', 3)]).subarray(0, 6),
      'rdw',
      /record 1 at byte 0 is not whole: the file ends 6 bytes later/,
    ],
    [
      Buffer.concat([withDescriptors([text('abc', 3)]), Buffer.from([0x40, 0x40, 0x40, 0x40])]),
      'rdw',
      /record 2 at byte 7 .*40404040.*spanned record/,
    ],
    [Buffer.from([0, 3, 0, 0, 0, 7, 0, 0, 1, 2, 3]), 'bdw', /block at byte 0 has the length 3/],
    [
      Buffer.from([0, 9, 0, 0, 0, 7, 0, 0, 1, 2, 3]),
      'bdw',
      /record 1 at byte 4 ends behind its block, which ends at byte 9/,
    ],
  ] as const)('a damaged one is named by record and byte (%#)', async (file, records, expected) => {
    await expect(decode(three, Buffer.from(file), { records })).rejects.toThrow(expected)
  })
})

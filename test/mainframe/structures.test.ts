import { describe, expect, test } from 'vitest'
import { decode } from './decode.ts'
import { binary, hexadecimalFloat, packed, text, withBlocks, withDescriptors, zoned } from './encode.ts'

const copybook = `01 R.
 05 KIND PIC X.
  88 IS-PERSON VALUE 'P'.
  88 IS-FIRM VALUE 'F' 'G'.
 05 PERSON.
  10 SURNAME PIC X(6).
 05 FIRM REDEFINES PERSON.
  10 TAX-NO PIC S9(7) COMP-3.
  10 FILLER PIC XX.
 05 RAW REDEFINES PERSON PIC X(6).
`
const person = Buffer.concat([text('P', 1), text('MILLER', 6)])
const firm = Buffer.concat([text('F', 1), packed(-1234567n, 7), text('', 2)])

describe('REDEFINES', () => {
  test('without a rule the first is there', async () => {
    const [row] = await decode(copybook, person)
    expect(row).toEqual({ kind: 'P', surname: 'MILLER' })
  })

  test('by a level 88, by values, always; the first where no other is', async () => {
    const rules = { FIRM: { when: 'IS-FIRM' }, raw: 'always' as const }
    expect(await decode(copybook, Buffer.concat([person, firm]), { redefines: rules })).toEqual([
      { kind: 'P', surname: 'MILLER', tax_no: null, raw: 'MILLER' },
      // bytes that are no letters are text all the same when one asks for them
      { kind: 'F', surname: null, tax_no: -1234567, raw: expect.any(String) },
    ])
    expect(
      await decode(copybook, Buffer.concat([person, firm]), { redefines: { FIRM: { when: 'KIND', is: ['F', 'X'] } } }),
    ).toMatchObject([
      { tax_no: null, surname: 'MILLER' },
      { tax_no: -1234567, surname: null },
    ])
  })

  test.each([
    [{ NOBODY: 'always' }, /no NOBODY/],
    [{ FIRM: { when: 'SOMETHING' } }, /SOMETHING/],
    [{ FIRM: { when: 'KIND' } }, /says nothing/],
  ])('a rule that does not fit: %j', async (redefines, expected) => {
    await expect(decode(copybook, person, { redefines: redefines as never })).rejects.toThrow(expected)
  })
})

test('level 88 as labels, ranges and numbers', async () => {
  const withRanges = `01 R.
 05 AGE PIC 9(3) COMP-3.
  88 CHILD VALUE 0 THRU 17.
  88 GROWN VALUE 18 THROUGH 999.
 05 GRADE PIC X.
  88 GOOD VALUES ARE 'A' THRU 'C', 'K'.
  88 NONE-YET VALUE SPACE.
`
  const row = (age: number, grade: string) => Buffer.concat([packed(BigInt(age), 3, false), text(grade, 1)])
  const rows = await decode(withRanges, Buffer.concat([row(7, 'B'), row(18, ' '), row(99, 'Z')]), { labels: true })
  expect(rows).toEqual([
    { age: 7, age_label: 'CHILD', grade: 'B', grade_label: 'GOOD' },
    { age: 18, age_label: 'GROWN', grade: null, grade_label: 'NONE-YET' },
    { age: 99, age_label: 'GROWN', grade: 'Z', grade_label: null },
  ])
})

test('RENAMES become a column when they are asked for', async () => {
  const renames = '01 R.\n 05 A PIC X(2).\n 05 B PIC X(3).\n 05 C PIC X.\n 66 AB RENAMES A THRU B.\n'
  expect(await decode(renames, text('abcdef', 6), { redefines: { AB: 'always' } })).toEqual([
    { a: 'ab', b: 'cde', c: 'f', ab: 'abcde' },
  ])
})

test('names that are there twice have their group before them; FILLER has no column', async () => {
  const twice =
    '01 R.\n 05 HOME. 10 CITY PIC X. 10 FILLER PIC X.\n 05 WORK. 10 CITY PIC X.\n 05 FILLER. 10 ZIP PIC X.\n'
  expect(await decode(twice, text('a-bc', 4))).toEqual([{ home_city: 'a', work_city: 'b', zip: 'c' }])
})

describe('tables', () => {
  const tables = `01 R.
 05 ID PIC 9.
 05 T OCCURS 2 TIMES.
  10 A PIC X.
  10 B PIC 9 OCCURS 2.
 05 LAST-ONE PIC X.
`
  const file = Buffer.concat([text('1x12y34z', 8), text('2p56q78r', 8)])

  test('become columns with the number of their occurrence', async () => {
    const [row] = await decode(tables, file)
    expect(row).toEqual({ id: 1, a_1: 'x', b_1_1: 1, b_1_2: 2, a_2: 'y', b_2_1: 3, b_2_2: 4, last_one: 'z' })
  })

  test('become rows, also within one another', async () => {
    expect(await decode(tables, file, { explode: ['T'] })).toEqual([
      { id: 1, a: 'x', b_1: 1, b_2: 2, last_one: 'z' },
      { id: 1, a: 'y', b_1: 3, b_2: 4, last_one: 'z' },
      { id: 2, a: 'p', b_1: 5, b_2: 6, last_one: 'r' },
      { id: 2, a: 'q', b_1: 7, b_2: 8, last_one: 'r' },
    ])
    const deep = await decode(tables, file, { explode: ['T', 'B'] })
    expect(deep.map((row) => `${row.id}${row.a}${row.b}${row.last_one}`)).toEqual([
      '1x1z',
      '1x2z',
      '1y3z',
      '1y4z',
      '2p5r',
      '2p6r',
      '2q7r',
      '2q8r',
    ])
  })

  test('beside one another are refused', async () => {
    const beside = '01 R.\n 05 A OCCURS 2 PIC X.\n 05 B OCCURS 2 PIC X.\n'
    await expect(decode(beside, text('abcd', 4), { explode: ['A', 'B'] })).rejects.toThrow(/not within A/)
    await expect(decode(tables, file, { explode: ['B'] })).rejects.toThrow(/B is within a table/)
    await expect(decode(beside, text('abcd', 4), { explode: ['C'] })).rejects.toThrow(/C is no table/)
  })

  test('a count out of its bounds is the fault of its row', async () => {
    const counted = '01 R.\n 05 N PIC 9.\n 05 T OCCURS 1 TO 3 TIMES DEPENDING ON N PIC X.\n'
    const rows = await decode(counted, withDescriptors([text('2ab', 3), text('9abc', 4), text('0', 1)]), {
      records: 'rdw',
    })
    expect(rows.map((row) => row.fault)).toEqual([
      undefined,
      expect.stringMatching(/DEPENDING ON/),
      expect.stringMatching(/DEPENDING ON/),
    ])
  })
})

describe('segments', () => {
  const records = `01 COMPANY. 05 SEG PIC X. 05 COMPANY-NAME PIC X(4).
01 BRANCH. 05 FILLER PIC X. 05 CITY PIC X(3).
01 PERSON. 05 FILLER PIC X. 05 SURNAME PIC X(5). 05 AGE PIC 9(2).
`
  const file = withDescriptors([
    text('CACME', 5),
    text('BROM', 4),
    text('PSMITH30', 8),
    text('PJONES40', 8),
    text('BBER', 4),
    text('CABC ', 5),
    text('PALONE50', 8),
    text('X????', 5),
  ])
  const segments = {
    by: 'SEG',
    of: { COMPANY: { id: ['C'] }, BRANCH: { id: ['B'], under: 'COMPANY' }, PERSON: { id: ['P'], under: 'BRANCH' } },
    others: 'reject' as const,
  }

  test.each([1, 7, 1000])('a row for each, with what they are under; in pieces of %i bytes', async (piece) => {
    const rows = await decode(records, file, { records: 'rdw', segments, piece })
    expect(rows.map(({ company_name, city, surname, age }) => [company_name, city, surname, age])).toEqual([
      ['ACME', null, null, null],
      ['ACME', 'ROM', null, null],
      ['ACME', 'ROM', 'SMITH', 30],
      ['ACME', 'ROM', 'JONES', 40],
      ['ACME', 'BER', null, null],
      ['ABC', null, null, null],
      // its branch was of another company
      ['ABC', null, 'ALONE', 50],
      [null, null, null, null],
    ])
    expect(rows.map((row) => row.fault ?? '')).toEqual([
      '',
      '',
      '',
      '',
      '',
      '',
      expect.stringMatching(/before the one/),
      expect.stringMatching(/unknown id/),
    ])
  })

  test('only some of them become rows', async () => {
    const rows = await decode(records, file, {
      records: 'rdw',
      segments: { ...segments, others: 'skip' },
      rows: ['PERSON'],
      piece: 9,
    })
    expect(rows.map(({ company_name, city, surname }) => [company_name, city, surname])).toEqual([
      ['ACME', 'ROM', 'SMITH'],
      ['ACME', 'ROM', 'JONES'],
      ['ABC', null, 'ALONE'],
    ])
  })

  test('as groups that redefine one another in one fixed record', async () => {
    const one = `01 R. 05 SEG PIC X. 05 NO PIC 9.
 05 HEAD-PART. 10 TITLE PIC X(4).
 05 LINE-PART REDEFINES HEAD-PART. 10 AMOUNT PIC 9(4).
`
    const rows = await decode(one, text('H1ABC L20012L30034', 18), {
      segments: {
        by: 'SEG',
        of: { 'HEAD-PART': { id: ['H'] }, 'LINE-PART': { id: ['L'], under: 'HEAD-PART' } },
        others: 'reject',
      },
      rows: ['LINE-PART'],
    })
    expect(rows).toEqual([
      { seg: 'L', no: 2, title: 'ABC', amount: 12 },
      { seg: 'L', no: 3, title: 'ABC', amount: 34 },
    ])
  })
})

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

describe('numbers', () => {
  test('what nobody has filled has no value; what is no number is a fault', async () => {
    const fields = '01 R.\n 05 P PIC S9(5) COMP-3.\n 05 Z PIC S9(3).\n'
    const row = (p: string, z: string) => Buffer.from(p + z, 'hex')
    const rows = await decode(
      fields,
      Buffer.concat([
        row('404040', '404040'),
        row('000000', '000000'),
        row('ffffff', 'ffffff'),
        row('12345c', '40f1f2'),
        row('12345c', 'f1f2d3'),
        row('1234ac', 'f1f2f3'),
        row('123451', 'f1f2f3'),
        row('12345c', 'f1c2f3'),
        row('12345c', 'f1f240'),
      ]),
    )
    expect(rows.map(({ p, z }) => [p, z]).slice(0, 5)).toEqual([
      [null, null],
      [null, null],
      [null, null],
      [12345, 12],
      [12345, -123],
    ])
    expect(rows.map(({ fault }) => fault?.toString().slice(0, 8))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      'a packed',
      'a packed',
      'a zoned ',
      'a zoned ',
    ])
    const asText = await decode(fields, row('12345c', '40f1d2'), { columns: { z: 'text' } })
    expect(asText).toEqual([{ p: 12345, z: '-12' }])
    const strict = await decode(fields, row('404040', 'f1f2f3'), { blankNumbers: 'reject' })
    expect(strict[0]!.fault).toMatch(/packed/)
  })

  test('a sign on a number without one is a fault, not a change of it', async () => {
    const unsigned = '01 R.\n 05 P PIC 9(3) COMP-3.\n'
    expect((await decode(unsigned, packed(-123n, 3)))[0]!.fault).toMatch(/packed/)
    expect((await decode(unsigned, packed(123n, 3)))[0]).toEqual({ p: 123 })
  })

  test('hexadecimal and IEEE floats', async () => {
    const floats = '01 R.\n 05 A COMP-1.\n 05 B COMP-2.\n'
    // from the Principles of Operation: -118.625 is C276A000
    const ibm = Buffer.concat([Buffer.from('c276a000', 'hex'), hexadecimalFloat(0.1, 8)])
    expect(await decode(floats, ibm)).toEqual([{ a: -118.625, b: 0.1 }])
    const ieee = Buffer.alloc(12)
    ieee.writeFloatBE(1.5, 0)
    ieee.writeDoubleBE(Number.NaN, 4)
    expect(await decode(floats, ieee, { floats: 'ieee' })).toMatchObject([
      { a: 1.5, b: null, fault: expect.stringMatching(/finite/) },
    ])
  })

  test('files of ASCII machines: signs as they are translated, and as other compilers write them', async () => {
    const signs = '01 R.\n 05 A PIC S9(3).\n 05 B PIC S9(3).\n'
    expect(await decode(signs, Buffer.from('12}12p'), { codePage: 'ascii' })).toEqual([{ a: -120, b: -120 }])
    expect(await decode(signs, Buffer.from('12A12C'), { codePage: 'ascii' })).toEqual([{ a: 121, b: 123 }])
  })

  test('as text with every digit, as int, and out of bounds', async () => {
    const numbers = '01 R.\n 05 P PIC S9(20)V99 COMP-3.\n 05 U PIC 9(18) COMP-5.\n 05 C PIC 9(5).\n'
    const file = Buffer.concat([packed(-1234567890123456789012n, 22), binary(2n ** 64n - 1n, 8), zoned(42n, 5)])
    const [row] = await decode(numbers, file, { columns: { p: 'text', c: 'text' } })
    expect(row).toMatchObject({
      p: '-12345678901234567890.12',
      u: null,
      c: '42',
      fault: expect.stringMatching(/larger than an int/),
    })
    await expect(decode(numbers, file, { columns: { nothing: 'text' } })).rejects.toThrow(/no column nothing/)
  })
})

test('dates and times in fields of every kind', async () => {
  const dates = `01 R.
 05 A PIC S9(7) COMP-3.
 05 B PIC 9(6).
 05 C PIC X(10).
 05 D PIC 9(9) COMP.
 05 E PIC S9(7) COMP-3.
 05 F PIC X(26).
 05 G PIC X(8).
`
  const clock = binary(BigInt(Date.UTC(2024, 1, 29) * 1000 + 2_208_988_800_000_000) << 12n, 8)
  const row = (a: bigint, c: string) =>
    Buffer.concat([
      packed(a, 7),
      zoned(240229n, 6),
      text(c, 10),
      binary(161_184n, 4),
      packed(124_060n, 7),
      text('2024-02-29-01.02.03.000004', 26),
      clock,
    ])
  const rows = await decode(
    dates,
    Buffer.concat([row(1240229n, '29.02.2024'), row(0n, ''), row(1240230n, '29/02/2024')]),
    {
      columns: {
        a: { date: 'CYYMMDD' },
        b: { date: 'YYMMDD', pivot: 70 },
        c: { date: 'DDMMYYYY' },
        d: { date: 'lilian' },
        e: { date: 'CYYDDD' },
        f: { time: 'timestamp' },
        g: { time: 'STCK' },
      },
    },
  )
  const day = '2024-02-29'
  const usual = { b: day, e: day, f: '2024-02-29T01:02:03.000004Z', g: '2024-02-29T00:00:00.000000Z' }
  expect(rows).toMatchObject([
    { ...usual, a: day, c: day },
    { ...usual, a: null, c: null },
    { ...usual, a: null, c: day, fault: expect.stringMatching(/date does not exist/) },
  ])
  expect(rows[0]!.d).toBe(new Date((161_184 - 141_428) * 864e5).toISOString().slice(0, 10))
})

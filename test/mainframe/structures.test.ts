import { describe, expect, test } from 'vitest'
import { decode } from './decode.ts'
import { packed, text, withDescriptors } from './encode.ts'

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

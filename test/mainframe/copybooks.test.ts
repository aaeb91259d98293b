import { describe, expect, test } from 'vitest'
import { compileCopybook } from '../../src/mainframe/compile-copybook.ts'
import type { LayoutItem } from '../../src/mainframe/layout.ts'

const none = async (name: string): Promise<string> => {
  throw new Error(`no ${name}`)
}
const flat = (item: LayoutItem): [string, number, number][] => [
  [item.name ?? 'FILLER', item.offset, item.size],
  ...item.children.flatMap(flat),
]
const layout = async (text: string, member: (name: string) => Promise<string> = none) =>
  (await compileCopybook(text, member)).flatMap(flat)
const failure = (text: string) =>
  layout(text).then(
    () => 'none',
    (error) => error.details.what,
  )

describe('fixed form', () => {
  test('sequence numbers, comments, continued words and literals, what stands behind column 72', async () => {
    expect(
      await layout(`000100* A COMMENT WITH 05 NO-ITEM PIC X.
000200 01  CUSTOMER-RECORD.                                             CUST0001
000300     05  CUST-NAME            PIC X(                              CUST0002
000400-        10).                                                     CUST0003
000500/    NEW PAGE
000600     05  KIND                 PIC X.
000700         88  IS-LONG          VALUE 'A LITERAL THAT GOES ON TO THE'
000800-    ' NEXT LINE. 05 NOT-AN-ITEM PIC X.'.
000900     EJECT
001000D    05  DEBUG-ONLY           PIC X.
001100     05  AMOUNT               PIC S9(5)V99 COMP-3.
`),
    ).toEqual([
      ['CUSTOMER-RECORD', 0, 15],
      ['CUST-NAME', 0, 10],
      ['KIND', 10, 1],
      ['AMOUNT', 11, 4],
    ])
  })

  test('a literal that is continued keeps its blanks', async () => {
    const [record] = await compileCopybook(
      `       01  R.
           05  K PIC X(40).
               88  LONG-ONE VALUE 'ABC
      -        'DEF'.
`,
      none,
    )
    const value = record!.children[0]!.conditions[0]!.values[0]!.from
    expect(value.startsWith('ABC ')).toBe(true)
    expect(value.endsWith(' DEF')).toBe(true)
  })
})

describe('free form', () => {
  test('comments anywhere, several items a line, clauses in any order', async () => {
    expect(
      await layout(`>>SOURCE FORMAT FREE
*> a comment
01 rec. 03 a usage comp pic s9(9) sync. *> and one more
03 b occurs 2 times indexed by ix, jx pic is 9(3) value zero. 03 filler pic x(2).
03 c comp-3 value is +12.5 picture s9(3)v9 sign is trailing.
`),
    ).toEqual([
      ['REC', 0, 15],
      ['A', 0, 4],
      ['B', 4, 3],
      ['FILLER', 10, 2],
      ['C', 12, 3],
    ])
  })

  test('divisions, FD entries and several records', async () => {
    expect(
      await layout(`DATA DIVISION.
FILE SECTION.
FD CUSTOMERS RECORD CONTAINS 80 CHARACTERS RECORDING MODE IS F.
01 HEAD-REC. 05 HEAD-ID PIC X(2).
01 DETAIL-REC. 05 DETAIL-ID PIC X(2). 05 VALUE-OF PIC 9(4) COMP-5.
77 LONELY PIC 9(3).
`),
    ).toEqual([
      ['HEAD-REC', 0, 2],
      ['HEAD-ID', 0, 2],
      ['DETAIL-REC', 0, 4],
      ['DETAIL-ID', 0, 2],
      ['VALUE-OF', 2, 2],
      ['LONELY', 0, 3],
    ])
  })

  test('a copybook that begins below level 01', async () => {
    expect(await layout('05 A PIC X. 05 B. 10 C PIC XX. 05 D PIC X.')).toEqual([
      ['RECORD', 0, 4],
      ['A', 0, 1],
      ['B', 1, 2],
      ['C', 1, 2],
      ['D', 3, 1],
    ])
  })
})

describe('places', () => {
  test('REDEFINES, also longer than what it redefines, and RENAMES', async () => {
    expect(
      await layout(`01 R.
 05 A PIC X(4).
 05 B REDEFINES A. 10 B1 PIC X(2). 10 B2 PIC 9(4) COMP.
 05 C REDEFINES A PIC X(6).
 05 D PIC X.
 66 B-AND-D RENAMES B2 THRU D.`),
    ).toEqual([
      ['R', 0, 7],
      ['A', 0, 4],
      ['B', 0, 4],
      ['B1', 0, 2],
      ['B2', 2, 2],
      ['C', 0, 6],
      ['D', 6, 1],
      ['B-AND-D', 2, 5],
    ])
  })

  test('SYNCHRONIZED leaves slack bytes, in tables so that every occurrence is like the first', async () => {
    expect(
      await layout(`01 R.
 05 A PIC X.
 05 T OCCURS 3.
  10 B PIC S9(9) COMP SYNC.
  10 C PIC X.
 05 D COMP-2 SYNC.`),
    ).toEqual([
      ['R', 0, 40],
      ['A', 0, 1],
      // the first occurrence begins behind A, its number on the next boundary
      ['T', 1, 8],
      ['B', 4, 4],
      ['C', 8, 1],
      ['D', 32, 8],
    ])
  })
})

describe('COPY', () => {
  const members: Record<string, string> = {
    ADDRESS: ' 05 :TAG:-STREET PIC X(10).\n 05 :TAG:-CITY PIC X(5).\n',
    AMOUNTS: ' 05 OLD-AMOUNT PIC S9(5) COMP-3.\n 05 OLD-SUM PIC 9(LEN) .\n',
    DEEP: ' 05 FIRST-ONE PIC X.\n COPY ADDRESS REPLACING ==:TAG:== BY ==IN==.\n',
    LOOP: 'COPY LOOP.',
  }
  const member = async (name: string) => members[name.toUpperCase()] ?? none(name)
  const names = async (text: string) => (await layout(text, member)).map(([name]) => name)

  test('REPLACING pseudo-text, words, and the begin of words', async () => {
    expect(await names('01 R.\n COPY ADDRESS REPLACING ==:TAG:== BY ==HOME==.')).toEqual([
      'R',
      'HOME-STREET',
      'HOME-CITY',
    ])
    expect(
      await layout("01 R.\n COPY 'AMOUNTS' REPLACING LEADING ==OLD== BY ==NEW== ==9(LEN)== BY ==9(7)==.", member),
    ).toEqual([
      ['R', 0, 10],
      ['NEW-AMOUNT', 0, 3],
      ['NEW-SUM', 3, 7],
    ])
    expect(await names('01 R.\n COPY DEEP OF LIB.\n 05 LAST-ONE PIC X.')).toEqual([
      'R',
      'FIRST-ONE',
      'IN-STREET',
      'IN-CITY',
      'LAST-ONE',
    ])
    expect(await names('REPLACE ==:TAG:== BY ==X==. 01 R. COPY ADDRESS. REPLACE OFF. 05 :TAG: PIC X.')).toEqual([
      'R',
      'X-STREET',
      'X-CITY',
      ':TAG:',
    ])
  })

  test('one that includes itself ends', async () => {
    await expect(layout('01 R. COPY LOOP.', member)).rejects.toMatchObject({ code: 'source_unreadable' })
  })
})

test.each([
  ['01 R.\n 05 A PIC Q(3).', /line 2 .* PICTURE Q\(3\)/],
  ['01 R.\n 05 A.\n', /line 2 .*A without a PICTURE/],
  ['01 R.\n 05 A PIC X.\n  10 B PIC X.', /line 3 .*below A, which has a PICTURE/],
  ['01 R.\n 05 A PIC X\n 05 B PIC X.', /line 2/],
  ['01 R.\n 05 B REDEFINES A PIC X.', /line 2 .*REDEFINES A/],
  ['01 R.\n 05 A PIC X COMP-3.', /line 2 .*no number/],
  ["01 R.\n 05 A PIC X VALUE 'abc.", /line 2 .*literal that does not end/],
  ['01 R.\n 99 A PIC X.', /line 2 .*level 99/],
  ['01 R.\n 05 A PIC X WRONG.', /line 2 .*"WRONG", which is no clause/],
  ['01 R.\n 05 A PIC 9(40).', /line 2 .*40 digits/],
  ['01 R.\n 05 A PIC X OCCURS TIMES.', /line 2 .*OCCURS without a number/],
  ['* nothing', /no item/],
  ['', /no item/],
])('what is wrong is said with its line: %j', async (text, expected) => {
  expect(await failure(text)).toMatch(expected)
})

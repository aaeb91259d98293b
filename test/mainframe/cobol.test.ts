/** Files that a real COBOL program wrote are read, and those that the tests encode a real COBOL program reads. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CobolField, cobolCompiler, convert, entries, runCobol } from './cobol.ts'
import { display, fields } from './cobol-fields.ts'
import { decode } from './decode.ts'
import { binary, packed, packedWithoutSign, text, zoned } from './encode.ts'

const column = (name: string) => name.toLowerCase().replaceAll('-', '_')
/** IEEE floats and COMP-5 are those of the machine here. */
const machine = { floats: 'ieee', nativeOrder: 'little' } as const

describe.skipIf(!cobolCompiler)(
  'files of a COBOL program (skipped without GnuCOBOL: apt-get install gnucobol3)',
  () => {
    const copybook = `       01  REC.\n${entries(fields)}\n`
    const free = (part: string) => part.replaceAll(/^ {7}/gm, '')

    test('every PICTURE and USAGE, as it was written', async () => {
      const rows = [0, 1, 2]
      const file = await runCobol(
        {
          select: 'SELECT OUT-FILE ASSIGN TO "records" ORGANIZATION IS SEQUENTIAL.',
          file: `FD OUT-FILE.\n${free(copybook)}`,
          storage: '',
          procedure: `  OPEN OUTPUT OUT-FILE
${rows
  .map(
    (row) => `  INITIALIZE REC
${fields.map(({ name, values }) => `  MOVE ${values[row]![0]} TO ${name}`).join('\n')}
${convert(fields, 'ASCII')}
  WRITE REC`,
  )
  .join('\n')}
  CLOSE OUT-FILE`,
        },
        {},
        (folder) => readFileSync(join(folder, 'records')),
      )
      const found = await decode(copybook, file, machine)
      expect(found).toEqual(
        rows.map((row) => Object.fromEntries(fields.map(({ name, values }) => [column(name), values[row]![1]]))),
      )
    })

    test('variable records with a table (OCCURS DEPENDING ON), filled to their counts', async () => {
      const table = `       01  REC.
           05  KEY-NO   PIC 9(4) COMP-3.
           05  COUNT-OF PIC 99 COMP.
           05  LINES-OF OCCURS 0 TO 5 TIMES DEPENDING ON COUNT-OF
              INDEXED BY LINE-IX.
               10  AMOUNT PIC S9(3)V9 COMP-3.
               10  PARTS OCCURS 2 PIC S9(4) COMP.
`
      const file = await runCobol(
        {
          select: 'SELECT OUT-FILE ASSIGN TO "records" ORGANIZATION IS SEQUENTIAL.',
          file: `FD OUT-FILE RECORD IS VARYING IN SIZE FROM 5 TO 40 DEPENDING ON REC-SIZE.\n${free(table)}`,
          storage: '01 REC-SIZE PIC 9(4).\n01 I PIC 9(2).\n01 J PIC 9(2).',
          procedure: `  OPEN OUTPUT OUT-FILE
  PERFORM VARYING I FROM 0 BY 1 UNTIL I > 5
    MOVE I TO COUNT-OF
    MOVE I TO KEY-NO
    PERFORM VARYING J FROM 1 BY 1 UNTIL J > I
      COMPUTE AMOUNT(J) = 0 - J * 10.5
      COMPUTE PARTS(J, 1) = I * 100 + J
      COMPUTE PARTS(J, 2) = 0 - J
    END-PERFORM
    COMPUTE REC-SIZE = 5 + 7 * I
    WRITE REC
  END-PERFORM
  CLOSE OUT-FILE`,
        },
        {},
        (folder) => readFileSync(join(folder, 'records')),
      )
      const form = { records: 'rdw', excludesItself: true } as const
      const flat = await decode(table, file, form)
      expect(flat.map((row) => [row.key_no, row.count_of, row.amount_1, row.parts_5_2])).toEqual(
        [0, 1, 2, 3, 4, 5].map((i) => [i, i, i > 0 ? -10.5 : null, i === 5 ? -5 : null]),
      )
      const rows = await decode(table, file, { ...form, explode: ['LINES-OF'], piece: 32 })
      expect(rows).toEqual(
        [0, 1, 2, 3, 4, 5].flatMap((i) =>
          Array.from({ length: Math.max(1, i) }, (_, j) => ({
            key_no: i,
            count_of: i,
            amount: i === 0 ? null : (j + 1) * -10.5,
            parts_1: i === 0 ? null : i * 100 + j + 1,
            parts_2: i === 0 ? null : -(j + 1),
          })),
        ),
      )
    })

    test('what the tests encode is what a COBOL program reads', async () => {
      const read: (CobolField & { bytes: Buffer; value: string })[] = [
        { ...display('TXT', 'PIC X(5)', 5), bytes: text('A{9', 5), value: 'A{9' },
        { ...display('ZT', 'PIC S9(5)V99', 7), bytes: zoned(-1234567n, 7, 'trailing'), value: '-12345.67' },
        { ...display('ZL', 'PIC S9(4) SIGN LEADING', 4), bytes: zoned(-1230n, 4, 'leading'), value: '-1230' },
        {
          ...display('ZTS', 'PIC S9(4) SIGN TRAILING SEPARATE', 5),
          bytes: zoned(-12n, 4, 'trailing separate'),
          value: '-12',
        },
        {
          ...display('ZLS', 'PIC S9(4) SIGN LEADING SEPARATE', 5),
          bytes: zoned(12n, 4, 'leading separate'),
          value: '12',
        },
        { name: 'PS', clause: 'PIC S9(6) COMP-3', bytes: packed(-123456n, 6), value: '-123456' },
        { name: 'PU', clause: 'PIC 9(7) COMP-3', bytes: packed(7654321n, 7, false), value: '7654321' },
        { name: 'P6', clause: 'PIC 9(5) COMP-6', bytes: packedWithoutSign(54321n, 5), value: '54321' },
        { name: 'B2', clause: 'PIC S9(4) COMP', bytes: binary(-1234n, 2), value: '-1234' },
        { name: 'B8', clause: 'PIC S9(18) COMP', bytes: binary(-987654321987654321n, 8), value: '-987654321987654321' },
      ]
      const output = await runCobol(
        {
          select: 'SELECT IN-FILE ASSIGN TO "records" ORGANIZATION IS SEQUENTIAL.',
          file: `FD IN-FILE.\n01 REC.\n${entries(read)}`,
          storage: '01 SHOWN PIC -(19)9.99.\n01 WHOLE PIC -(19)9.',
          procedure: `  OPEN INPUT IN-FILE
  READ IN-FILE AT END STOP RUN END-READ
${convert(read, 'EBCDIC')}
${read
  .map(({ name, clause }) => {
    const shown = clause.includes('V99') ? 'SHOWN' : 'WHOLE'
    return clause.includes('X') && !/9/.test(clause)
      ? `  DISPLAY ${name}`
      : `  MOVE ${name} TO ${shown}\n  DISPLAY ${shown}`
  })
  .join('\n')}
  CLOSE IN-FILE`,
        },
        { records: Buffer.concat(read.map(({ bytes }) => bytes)) },
        (_, shown) => shown,
      )
      expect(
        output
          .trimEnd()
          .split('\n')
          .map((line) => line.trim()),
      ).toEqual(read.map(({ value }) => value))
    })
  },
)

import { binary, packed, text, zoned } from '../../test/mainframe/encode.ts'

interface BenchFile {
  name: string
  copybook: string
  records: 'fixed' | 'rdw'
  config?: { codePage?: string }
  record(i: number): Buffer
}

const words = ['MILLER', 'O’NEIL'.replace('’', "'"), 'VAN DER BERG', 'LEE', 'FERNANDEZ-GARCIA', 'SMITH']
const word = (i: number) => words[i % words.length]!

const account = `
       01  ACCOUNT.
           05  ACCOUNT-NO        PIC 9(10).
           05  BRANCH            PIC S9(4) COMP.
           05  OWNER-NAME        PIC X(30).
           05  STREET            PIC X(30).
           05  CITY              PIC X(20).
           05  COUNTRY           PIC X(2).
           05  OPENED            PIC 9(8).
           05  BALANCE           PIC S9(11)V99 COMP-3.
           05  CREDIT-LIMIT      PIC S9(9)V99 COMP-3.
           05  INTEREST          PIC S9(3)V9(4) COMP-3.
           05  MOVEMENTS         PIC S9(9) COMP.
           05  LAST-AMOUNT       PIC S9(9)V99.
           05  STATUS-CODE       PIC X.
           05  FILLER            PIC X(20).
`
const accountRecord = (i: number) =>
  Buffer.concat([
    zoned(BigInt(i * 7919), 10),
    binary(BigInt(i % 9999), 2),
    text(word(i), 30),
    text(`${i % 300} MAIN STREET`, 30),
    text(`CITY ${i % 50}`, 20),
    text('US', 2),
    zoned(BigInt(20200101 + (i % 28)), 8),
    packed(BigInt((i - 1000) * 12345), 13),
    packed(BigInt(i * 100), 11),
    packed(BigInt(i % 99999), 7),
    binary(BigInt(i - 500), 4),
    zoned(BigInt((1000 - i) * 101), 11, 'trailing'),
    text('A', 1),
    text('', 20),
  ])

const numbers = `
       01  LEDGER.
${Array.from({ length: 20 }, (_, i) => `           05  P-${i}  PIC S9(9)V99 COMP-3.`).join('\n')}
${Array.from({ length: 10 }, (_, i) => `           05  B-${i}  PIC S9(9) COMP.`).join('\n')}
${Array.from({ length: 10 }, (_, i) => `           05  Z-${i}  PIC S9(9).`).join('\n')}
`
const numbersRecord = (i: number) =>
  Buffer.concat([
    ...Array.from({ length: 20 }, (_, j) => packed(BigInt(i * 1000 + j) * (j % 2 ? -1n : 1n), 11)),
    ...Array.from({ length: 10 }, (_, j) => binary(BigInt(i * j - 700), 4)),
    ...Array.from({ length: 10 }, (_, j) => zoned(BigInt(i * 31 + j) * (j % 2 ? -1n : 1n), 9, 'trailing')),
  ])

const order = `
       01  ORDER-RECORD.
           05  ORDER-NO          PIC 9(9) COMP-3.
           05  CUSTOMER          PIC X(24).
           05  LINE-COUNT        PIC 9(2) COMP.
           05  LINES OCCURS 0 TO 8 TIMES DEPENDING ON LINE-COUNT.
               10  ARTICLE       PIC X(12).
               10  QUANTITY      PIC S9(5) COMP-3.
               10  PRICE         PIC S9(7)V99 COMP-3.
           05  REMARK            PIC X(40).
`
function orderRecord(i: number): Buffer {
  const lines = i % 9
  const body = Buffer.concat([
    packed(BigInt(i), 9, false),
    text(word(i), 24),
    binary(BigInt(lines), 2),
    ...Array.from({ length: lines }, (_, j) =>
      Buffer.concat([text(`ART-${i}-${j}`, 12), packed(BigInt(j + 1), 5), packed(BigInt(i * 99), 9)]),
    ),
    text('DELIVER TO THE BACK DOOR', 40),
  ])
  const head = Buffer.alloc(4)
  head.writeUInt16BE(body.length + 4)
  return Buffer.concat([head, body])
}

/** Typical files: mixed master data, numbers only, variable records with a table. */
export const benchFiles: BenchFile[] = [
  { name: 'accounts', copybook: account, records: 'fixed', record: accountRecord },
  { name: 'numbers', copybook: numbers, records: 'fixed', record: numbersRecord },
  { name: 'orders (RDW, table)', copybook: order, records: 'rdw', record: orderRecord },
]

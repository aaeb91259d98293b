import type { KnownRow } from '../sources/known-rows.ts'
import { binary, national, text } from './encode.ts'

/** The rows that every kind of source is tested with, as records. */
export const knownCopybook = `
       01  KNOWN.
           05  ID           PIC S9(9) COMP.
           05  NAME         PIC N(30).
           05  AMOUNT       PIC -(8)9.9(7).
           05  DAY          PIC X(10).
           05  AT           PIC X(26).
`
export const knownConfig = {
  kind: 'copybook',
  copybook: { text: knownCopybook },
  columns: { day: { date: 'YYYYMMDD' }, at: { time: 'timestamp' } },
}

export const asRecords = (rows: readonly KnownRow[]): Buffer =>
  Buffer.concat(
    rows.flatMap(({ id, name, amount, day, at }) => [
      binary(BigInt(id), 4),
      national(name ?? '', 30),
      text((amount === null ? '' : amount.toFixed(7)).padStart(17), 17),
      text(day ?? '', 10),
      // as DB2 writes it
      text(`${at.slice(0, 10)}-${at.slice(11, 19).replaceAll(':', '.')}.000000`, 26),
    ]),
  )

import type { CobolField } from './cobol.ts'
import type { Value } from './decode.ts'

export const display = (name: string, clause: string, characters: number): CobolField => ({ name, clause, characters })

/** Every PICTURE and USAGE, with what a program moves into it and what is read then. */
export const fields: (CobolField & { values: [string, Value][] })[] = [
  {
    ...display('TXT', 'PIC X(12)', 12),
    values: [
      ['"HELLO (X)!"', 'HELLO (X)!'],
      ['SPACES', null],
      ['"a{b}"', 'a{b}'],
    ],
  },
  {
    ...display('ALF', 'PIC A(5)', 5),
    values: [
      ['"ABC"', 'ABC'],
      ['"Z"', 'Z'],
      ['"abcde"', 'abcde'],
    ],
  },
  {
    ...display('D-U', 'PIC 9(5)', 5),
    values: [
      ['12345', 12345],
      ['0', 0],
      ['7', 7],
    ],
  },
  {
    ...display('D-S', 'PIC S9(5)V99', 7),
    values: [
      ['-12345.67', -12345.67],
      ['0', 0],
      ['99999.99', 99999.99],
    ],
  },
  {
    ...display('D-L', 'PIC S9(4) SIGN LEADING', 4),
    values: [
      ['-1234', -1234],
      ['9', 9],
      ['-1', -1],
    ],
  },
  {
    ...display('D-TS', 'PIC S9(4) SIGN TRAILING SEPARATE', 5),
    values: [
      ['-1234', -1234],
      ['9', 9],
      ['0', 0],
    ],
  },
  {
    ...display('D-LS', 'PIC S9(4) SIGN IS LEADING SEPARATE CHARACTER', 5),
    values: [
      ['-5', -5],
      ['77', 77],
      ['0', 0],
    ],
  },
  {
    ...display('D-18', 'PIC S9(18)', 18),
    values: [
      ['-123456789012345678', -123456789012345678n],
      ['1', 1],
      ['999999999999999999', 999999999999999999n],
    ],
  },
  {
    ...display('D-P', 'PIC 9(3)PP', 3),
    values: [
      ['12300', 12300],
      ['0', 0],
      ['99900', 99900],
    ],
  },
  {
    ...display('D-VP', 'PIC VPP99', 2),
    values: [
      ['0.0012', 0.0012],
      ['0', 0],
      ['0.0099', 0.0099],
    ],
  },
  {
    ...display('ED-1', 'PIC Z,ZZ9.99-', 9),
    values: [
      ['-1234.5', -1234.5],
      ['0', 0],
      ['9.01', 9.01],
    ],
  },
  {
    ...display('ED-2', 'PIC $$$,$$9.99CR', 12),
    values: [
      ['-12.34', -12.34],
      ['1000', 1000],
      ['0', 0],
    ],
  },
  {
    ...display('ED-3', 'PIC **9.9DB', 7),
    values: [
      ['-7.5', -7.5],
      ['10', 10],
      ['0', 0],
    ],
  },
  {
    ...display('ED-4', 'PIC ZZZZ', 4),
    values: [
      ['12', 12],
      ['0', null],
      ['9999', 9999],
    ],
  },
  {
    ...display('ED-5', 'PIC 99/99/9999', 10),
    values: [
      ['24122001', '24/12/2001'],
      ['01011999', '01/01/1999'],
      ['0', '00/00/0000'],
    ],
  },
  {
    name: 'P-S',
    clause: 'PIC S9(7)V99 COMP-3',
    values: [
      ['-1234567.89', -1234567.89],
      ['0', 0],
      ['0.01', 0.01],
    ],
  },
  {
    name: 'P-U',
    clause: 'PIC 9(6) COMP-3',
    values: [
      ['123456', 123456],
      ['0', 0],
      ['1', 1],
    ],
  },
  {
    name: 'P-18',
    clause: 'PIC S9(18) PACKED-DECIMAL',
    values: [
      ['-123456789012345678', -123456789012345678n],
      ['0', 0],
      ['5', 5],
    ],
  },
  {
    name: 'P-6',
    clause: 'PIC 9(5) COMP-6',
    values: [
      ['12345', 12345],
      ['0', 0],
      ['8', 8],
    ],
  },
  {
    name: 'B-2',
    clause: 'PIC S9(4) COMP',
    values: [
      ['-1234', -1234],
      ['0', 0],
      ['9999', 9999],
    ],
  },
  {
    name: 'B-4',
    clause: 'PIC S9(7)V99 BINARY',
    values: [
      ['-1234567.89', -1234567.89],
      ['0', 0],
      ['0.5', 0.5],
    ],
  },
  {
    name: 'B-8',
    clause: 'PIC S9(18) COMP-4',
    values: [
      ['-123456789012345678', -123456789012345678n],
      ['0', 0],
      ['1', 1],
    ],
  },
  {
    name: 'B-U',
    clause: 'PIC 9(9) COMP',
    values: [
      ['999999999', 999999999],
      ['0', 0],
      ['1', 1],
    ],
  },
  {
    name: 'N-4',
    clause: 'PIC S9(9) COMP-5',
    values: [
      ['-123456789', -123456789],
      ['0', 0],
      ['1', 1],
    ],
  },
  {
    name: 'N-8',
    clause: 'PIC S9(18) COMP-5',
    values: [
      ['-123456789012345678', -123456789012345678n],
      ['0', 0],
      ['1', 1],
    ],
  },
  {
    name: 'X-2',
    clause: 'PIC 9(4) COMP-X',
    values: [
      ['1234', 1234],
      ['0', 0],
      ['9999', 9999],
    ],
  },
  {
    name: 'F-1',
    clause: 'COMP-1',
    values: [
      ['-1.5', -1.5],
      ['0', 0],
      ['1024.25', 1024.25],
    ],
  },
  {
    name: 'F-2',
    clause: 'USAGE COMP-2',
    values: [
      ['-1.125', -1.125],
      ['0', 0],
      ['123456789.125', 123456789.125],
    ],
  },
  {
    name: 'S-B',
    clause: 'PIC X',
    characters: 1,
    values: [
      ['"A"', 'A'],
      ['"B"', 'B'],
      ['"C"', 'C'],
    ],
  },
  {
    name: 'S-2',
    clause: 'PIC S9(4) COMP SYNC',
    values: [
      ['-2', -2],
      ['0', 0],
      ['2', 2],
    ],
  },
  {
    name: 'S-C',
    clause: 'PIC X',
    characters: 1,
    values: [
      ['"D"', 'D'],
      ['"E"', 'E'],
      ['"F"', 'F'],
    ],
  },
  {
    name: 'S-4',
    clause: 'PIC S9(9) COMP SYNCHRONIZED',
    values: [
      ['-4', -4],
      ['0', 0],
      ['4', 4],
    ],
  },
]

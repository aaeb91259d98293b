import { describe, expect, test } from 'vitest'
import { decode } from './decode.ts'
import { binary, hexadecimalFloat, packed, text, zoned } from './encode.ts'

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

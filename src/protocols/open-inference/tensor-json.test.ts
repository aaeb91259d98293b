import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from '../../contracts/half-floats.ts'
import { KedgeError } from '../../errors.ts'
import { parseExact, tensorFromJson, tensorToJson } from './tensor-json.ts'

describe('tensors in JSON', () => {
  test('flattens nested lists and refuses what does not fit the type', () => {
    expect(
      tensorFromJson('x', 'INT8', [
        [1, -2],
        [3, 4],
      ]),
    ).toEqual(Int8Array.of(1, -2, 3, 4))
    expect(tensorFromJson('x', 'BOOL', [true, 0])).toEqual(Uint8Array.of(1, 0))
    expect(tensorFromJson('x', 'INT64', [2 ** 40])).toEqual(BigInt64Array.of(2n ** 40n))
    for (const [datatype, value] of [
      ['INT8', 128],
      ['UINT8', -1],
      ['INT32', 1.5],
      ['FP32', '1'],
      ['BYTES', 1],
      ['INT64', null],
      ['FP16', '1'],
    ] as const)
      expect(() => tensorFromJson('x', datatype, [value])).toThrow(KedgeError)
    expect(tensorToJson('BOOL', Uint8Array.of(1, 0))).toEqual([true, false])
    expect(tensorToJson('INT64', BigInt64Array.of(5n))).toEqual([5])
  })

  test('integers of 64 bits keep all their digits, both ways', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)), (values) => {
        const text = `{"datatype":"INT64","data":[${values}]}`
        const data = tensorFromJson('x', 'INT64', (parseExact(text) as { data: unknown }).data)
        expect(data).toEqual(BigInt64Array.from(values))
        expect(JSON.stringify(tensorToJson('INT64', data))).toBe(`[${values}]`)
      }),
    )
    const largest = '{"datatype":"UINT64","data":[18446744073709551615]}'
    const data = tensorFromJson('x', 'UINT64', (parseExact(largest) as { data: unknown }).data)
    expect(JSON.stringify(tensorToJson('UINT64', data))).toBe('[18446744073709551615]')
    for (const [datatype, value] of [
      ['INT64', 2n ** 63n],
      ['UINT64', -1],
      ['UINT64', 2n ** 64n],
      ['INT64', 2 ** 60],
    ] as const)
      expect(() => tensorFromJson('x', datatype, [value])).toThrow(KedgeError)
  })

  test('floats of 16 bits go as numbers; what is not finite is null', () => {
    expect(tensorToJson('FP16', tensorFromJson('x', 'FP16', [1.5, -2, null, 65_504, 2 ** -24]))).toEqual([
      1.5,
      -2,
      Number.NaN,
      65_504,
      2 ** -24,
    ])
    expect(tensorToJson('BF16', tensorFromJson('x', 'BF16', [1.5, -3.140625]))).toEqual([1.5, -3.140625])
    expect(JSON.stringify(tensorToJson('FP32', Float32Array.of(Number.NaN, 1)))).toBe('[null,1]')
  })
})

describe('floats of 16 bits', () => {
  test('every pattern of bits that is a number comes back', () => {
    for (let bits = 0; bits < 65_536; bits++) {
      const half = halfToNumber(bits)
      if (!Number.isNaN(half)) expect(numberToHalf(half)).toBe(bits)
      const bfloat = bfloatToNumber(bits)
      if (!Number.isNaN(bfloat)) expect(numberToBfloat(bfloat)).toBe(bits)
    }
  })

  test('ties go to the even neighbour, what is too large is infinite', () => {
    expect(halfToNumber(numberToHalf(2049))).toBe(2048)
    expect(halfToNumber(numberToHalf(2051))).toBe(2052)
    expect(halfToNumber(numberToHalf(65_519))).toBe(65_504)
    expect(halfToNumber(numberToHalf(65_520))).toBe(Number.POSITIVE_INFINITY)
    expect(bfloatToNumber(numberToBfloat(1 + 2 ** -8))).toBe(1)
    expect(bfloatToNumber(numberToBfloat(1 + 3 * 2 ** -8))).toBe(1 + 2 ** -6)
  })
})

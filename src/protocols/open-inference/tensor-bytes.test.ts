import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KedgeError } from '../../errors.ts'
import { decodeTensorBytes, encodeTensorBytes, isDatatype, tensorFromJson, tensorToJson } from './tensor-bytes.ts'

describe('binary tensors', () => {
  test('texts come back as they went', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 20 }), (texts) => {
        const whole = texts.map((text) => text.toWellFormed())
        expect(decodeTensorBytes('x', 'BYTES', encodeTensorBytes(whole))).toEqual(whole)
      }),
    )
  })

  test('numbers come back as they went, wherever their bytes begin', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true })), fc.integer({ min: 0, max: 7 }), (numbers, offset) => {
        const bytes = Buffer.concat([Buffer.alloc(offset), encodeTensorBytes(Float32Array.from(numbers))]).subarray(
          offset,
        )
        expect(Array.from(decodeTensorBytes('x', 'FP32', bytes) as Float32Array)).toEqual(
          Array.from(Float32Array.from(numbers)),
        )
      }),
    )
  })

  test('whatever bytes come, the answer is data or invalid_input', () => {
    const datatypes = ['BOOL', 'INT64', 'FP32', 'FP64', 'FP16', 'BF16', 'UINT16', 'BYTES'] as const
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...datatypes), (bytes, datatype) => {
        try {
          decodeTensorBytes('x', datatype, bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(KedgeError)
          expect((error as KedgeError).code).toBe('invalid_input')
        }
      }),
    )
  })
})

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
      ['FP16', 1],
    ] as const)
      expect(() => tensorFromJson('x', datatype, [value])).toThrow(KedgeError)
    expect(tensorToJson('BOOL', Uint8Array.of(1, 0))).toEqual([true, false])
    expect(tensorToJson('INT64', BigInt64Array.of(5n))).toEqual([5])
  })

  test('knows the datatypes of the protocol and no others', () => {
    expect(isDatatype('FP32')).toBe(true)
    for (const other of ['constructor', 'FP31', 5, undefined]) expect(isDatatype(other)).toBe(false)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KedgeError } from '../../errors.ts'
import { decodeTensorBytes, encodeTensorBytes, isDatatype } from './tensor-bytes.ts'

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

  test('texts that are not UTF-8 are refused, not changed', () => {
    const bytes = Buffer.from([2, 0, 0, 0, 0xc3, 0x28])
    expect(() => decodeTensorBytes('x', 'BYTES', bytes)).toThrow('input x: element 0 is not UTF-8')
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

test('knows the datatypes of the protocol and no others', () => {
  expect(isDatatype('FP32')).toBe(true)
  for (const other of ['constructor', 'FP31', 5, undefined]) expect(isDatatype(other)).toBe(false)
})

import { isUtf8 } from 'node:buffer'
import {
  type Datatype,
  datatypes,
  elementsOf,
  type NumericData,
  type TensorData,
} from '../../contracts/model-runtime.ts'
import { KedgeError } from '../../errors.ts'

/** Whether this is a datatype of the protocol. */
export const isDatatype = (text: unknown): text is Datatype => datatypes.includes(text as Datatype)

/** Zeros of a datatype. */
export const newTensorData = (datatype: Exclude<Datatype, 'BYTES'>, length: number): NumericData =>
  new elementsOf[datatype](length)

/** Raw little-endian bytes to a tensor's data; BYTES are 4-byte lengths each with its text. Errors: `invalid_input` naming the tensor. */
export function decodeTensorBytes(name: string, datatype: Datatype, bytes: Uint8Array): TensorData {
  if (datatype === 'BYTES') return decodeTexts(name, bytes)
  const Elements = elementsOf[datatype]
  if (bytes.byteLength % Elements.BYTES_PER_ELEMENT !== 0)
    throw new KedgeError('invalid_input', {
      what: `input ${name}: ${bytes.byteLength} bytes are no whole number of ${datatype} elements`,
    })
  // the bytes may start anywhere in a larger buffer, typed arrays may not
  const own = new ArrayBuffer(bytes.byteLength)
  new Uint8Array(own).set(bytes)
  return new Elements(own)
}

function decodeTexts(name: string, bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const texts: string[] = []
  let at = 0
  while (at < buffer.length) {
    const length = at + 4 <= buffer.length ? buffer.readUInt32LE(at) : Number.POSITIVE_INFINITY
    if (at + 4 + length > buffer.length)
      throw new KedgeError('invalid_input', {
        what: `input ${name}: element ${texts.length} is longer than the bytes that follow`,
      })
    const bytes = buffer.subarray(at + 4, at + 4 + length)
    texts.push(textOf(name, texts.length, bytes))
    at += 4 + length
  }
  return texts
}

/** The text of an element of BYTES. Errors: `invalid_input`: models get texts, and other bytes would come to them changed. */
export function textOf(name: string, element: number, bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new KedgeError('invalid_input', { what: `input ${name}: element ${element} is not UTF-8` })
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** A tensor's data to raw little-endian bytes: numbers without a copy, texts each behind 4 bytes of length. */
export function encodeTensorBytes(data: TensorData): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const parts: Buffer[] = []
  for (const text of data) {
    const content = Buffer.from(text)
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32LE(content.length)
    parts.push(length, content)
  }
  return Buffer.concat(parts)
}

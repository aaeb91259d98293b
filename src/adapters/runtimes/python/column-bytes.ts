import {
  type Column,
  type Elements,
  elementsOf,
  type ModelDescription,
  type NumericData,
  type Tensor,
} from '../../../contracts/model-runtime.ts'
import { KedgeError } from '../../../errors.ts'

/** Texts as numbers of a list of the different ones: what is on the other side puts them together without a loop. */
interface Texts {
  texts: string[]
}

/** The numbers of all rows feature by feature in one block, then the codes of each category. */
export function encodeColumns(description: ModelDescription, columns: readonly Column[], rows: number) {
  const numeric = description.features.filter((feature) => feature.type === 'number').length
  const block = new Float64Array(numeric * rows)
  const codes: Uint8Array[] = []
  const texts: Texts[] = []
  let at = 0
  for (const [i, feature] of description.features.entries()) {
    const column = columns[i]!
    if (feature.type === 'category') {
      const coded = encodeTexts(column as string[])
      texts.push({ texts: coded.texts })
      codes.push(coded.bytes)
    } else {
      block.set(column as number[], at)
      at += rows
    }
  }
  return { texts, buffers: [new Uint8Array(block.buffer), ...codes] }
}

function encodeTexts(values: readonly string[]): Texts & { bytes: Uint8Array } {
  const known = new Map<string, number>()
  const codes = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    let code = known.get(value)
    if (code === undefined) {
      code = known.size
      known.set(value, code)
    }
    codes[i] = code
  }
  return { texts: [...known.keys()], bytes: new Uint8Array(codes.buffer) }
}

type Described = Omit<Tensor, 'data'> & { texts?: string[] }

export function encodeTensors(tensors: readonly Tensor[]): { described: Described[]; buffers: Uint8Array[] } {
  const buffers: Uint8Array[] = []
  const described = tensors.map(({ name, datatype, shape, data }): Described => {
    if (Array.isArray(data)) {
      const { texts, bytes } = encodeTexts(data)
      buffers.push(bytes)
      return { name, datatype, shape, texts }
    }
    // NumPy has no bfloat16
    if (datatype === 'BF16' || datatype === 'BYTES')
      throw new KedgeError('unsupported', { what: `The datatype ${datatype} for a Python model` })
    buffers.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    return { name, datatype, shape }
  })
  return { described, buffers }
}

export const decodeTensors = (described: readonly Described[], buffers: readonly Buffer[]): Tensor[] =>
  described.map(({ texts, ...tensor }, i) => ({
    ...tensor,
    data: texts
      ? Array.from(numbersOf(Int32Array, buffers[i]!) as Int32Array, (code) => texts[code]!)
      : numbersOf(elementsOf[tensor.datatype as keyof typeof elementsOf], buffers[i]!),
  }))

/** A copy, because the bytes of a message may start anywhere. */
export function numbersOf(Type: Elements, bytes: Buffer): NumericData {
  const copy = new ArrayBuffer(bytes.byteLength)
  new Uint8Array(copy).set(bytes)
  return new Type(copy)
}

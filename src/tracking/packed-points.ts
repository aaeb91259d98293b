/** Points of one metric as columns, in the order of step, time, value; values as they are stored. */
export interface Points {
  steps: Float64Array
  times: Float64Array
  values: Float64Array
}

/**
 * The form of a chunk: a byte that says how each column is written, the number of points, then the columns. Whole
 * numbers: 0 the first and one difference for all, 1 differences of differences as variable-length numbers, 2 as doubles.
 * Values: 0 doubles, 1 floats (where every value is one), 2 one value for all.
 */
const form = { even: 0, differences: 1, doubles: 2 } as const
const valueForm = { doubles: 0, floats: 1, one: 2 } as const
/** differences of differences of what is smaller are exact */
const exact = 2 ** 50

export function packPoints({ steps, times, values }: Points): Buffer {
  const count = steps.length
  // the most that variable-length numbers can take, and doubles take less
  const bytes = Buffer.allocUnsafe(32 + count * 24)
  let at = writeNumber(bytes, 1, count)
  const column = (numbers: Float64Array) => {
    const how = formOf(numbers)
    if (how === form.doubles) for (let i = 0; i < count; i++) at = bytes.writeDoubleLE(numbers[i]!, at)
    else {
      at = writeNumber(bytes, at, zigzag(numbers[0]!))
      let difference = count > 1 ? numbers[1]! - numbers[0]! : 0
      at = writeNumber(bytes, at, zigzag(difference))
      if (how === form.differences)
        for (let i = 2; i < count; i++) {
          const next = numbers[i]! - numbers[i - 1]!
          at = writeNumber(bytes, at, zigzag(next - difference))
          difference = next
        }
    }
    return how
  }
  const stepsForm = column(steps)
  const timesForm = column(times)
  const how = valueFormOf(values)
  if (how === valueForm.one) at = bytes.writeDoubleLE(values[0]!, at)
  else if (how === valueForm.floats) for (let i = 0; i < count; i++) at = bytes.writeFloatLE(values[i]!, at)
  else {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += count * 8
  }
  bytes[0] = stepsForm | (timesForm << 2) | (how << 4)
  return bytes.subarray(0, at)
}

/** How many points a chunk has. */
export const countPoints = (chunk: Uint8Array): number => readNumber(chunk, { at: 1 })

/** Reads a chunk into columns, from `offset` on; they must have room for its points. Returns how many these are. */
export function unpackPoints(chunk: Uint8Array, into: Points, offset: number): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  const place = { at: 1 }
  const count = readNumber(chunk, place)
  const column = (numbers: Float64Array, how: number) => {
    if (how === form.doubles) {
      for (let i = 0; i < count; i++, place.at += 8) numbers[offset + i] = view.getFloat64(place.at, true)
      return
    }
    let value = unzigzag(readNumber(chunk, place))
    let difference = unzigzag(readNumber(chunk, place))
    numbers[offset] = value
    for (let i = 1; i < count; i++) {
      if (i > 1 && how === form.differences) difference += unzigzag(readNumber(chunk, place))
      value += difference
      numbers[offset + i] = value
    }
  }
  column(into.steps, chunk[0]! & 3)
  column(into.times, (chunk[0]! >> 2) & 3)
  const how = chunk[0]! >> 4
  if (how === valueForm.one) into.values.fill(view.getFloat64(place.at, true), offset, offset + count)
  else if (how === valueForm.floats)
    for (let i = 0; i < count; i++, place.at += 4) into.values[offset + i] = view.getFloat32(place.at, true)
  else
    new Uint8Array(into.values.buffer, into.values.byteOffset + offset * 8, count * 8).set(
      chunk.subarray(place.at, place.at + count * 8),
    )
  return count
}

function formOf(numbers: Float64Array): number {
  let even = true
  for (let i = 0; i < numbers.length; i++) {
    if (Math.abs(numbers[i]!) > exact) return form.doubles
    if (i > 1 && numbers[i]! - numbers[i - 1]! !== numbers[1]! - numbers[0]!) even = false
  }
  return even ? form.even : form.differences
}

function valueFormOf(values: Float64Array): number {
  let one = true
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    // minus zero is another value than zero
    if (!Object.is(Math.fround(value), value)) return valueForm.doubles
    if (!Object.is(value, values[0])) one = false
  }
  return one ? valueForm.one : valueForm.floats
}

const zigzag = (value: number) => (value < 0 ? -value * 2 - 1 : value * 2)
const unzigzag = (value: number) => (value % 2 === 1 ? -(value + 1) / 2 : value / 2)

/** Seven bits a byte, the lowest first. */
function writeNumber(bytes: Uint8Array, start: number, number: number): number {
  let at = start
  let rest = number
  while (rest >= 128) {
    bytes[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}

function readNumber(bytes: Uint8Array, place: { at: number }): number {
  let byte = bytes[place.at++]!
  if (byte < 128) return byte
  let number = byte & 127
  let weight = 128
  do {
    byte = bytes[place.at++]!
    number += (byte & 127) * weight
    weight *= 128
  } while (byte >= 128)
  return number
}

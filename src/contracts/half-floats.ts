const single = new Float32Array(1)
const bits = new Uint32Array(single.buffer)

/** The number that the bits of an IEEE 754 half stand for. */
export function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The bits of the half nearest to a number, ties to even; what is too large is infinite. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size >= 65_520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | toEven(size * 2 ** 24)
  let exponent = Math.floor(Math.log2(size))
  // the logarithm may be off by one beside a power of two
  if (2 ** exponent > size) exponent--
  else if (2 ** (exponent + 1) <= size) exponent++
  // a fraction that is rounded up to 1024 carries into the exponent, which is right
  return sign | (((exponent + 15) << 10) + toEven((size / 2 ** exponent - 1) * 1024))
}

function toEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

/** The number that the bits of a bfloat16 stand for. */
export function bfloatToNumber(bfloat: number): number {
  bits[0] = bfloat << 16
  return single[0]!
}

/** The bits of the bfloat16 nearest to a number (as a 32-bit float), ties to even. */
export function numberToBfloat(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0
  single[0] = value
  const whole = bits[0]!
  return ((whole + 0x7fff + ((whole >>> 16) & 1)) >>> 16) & 0xffff
}

type Kind = 'FP16' | 'BF16'
const toNumber = { FP16: halfToNumber, BF16: bfloatToNumber }
const toBits = { FP16: numberToHalf, BF16: numberToBfloat }

/** Whether values of a type are kept as their bits. */
export const isHalf = (datatype: string): datatype is Kind => datatype === 'FP16' || datatype === 'BF16'

/** The numbers that the bits of halves stand for. */
export const halvesToNumbers = (datatype: Kind, bits: ArrayLike<number>): Float32Array =>
  Float32Array.from(bits, toNumber[datatype])

/** The bits of the halves nearest to numbers, ties to even. */
export const numbersToHalves = (datatype: Kind, values: ArrayLike<number>): Uint16Array =>
  Uint16Array.from(values, toBits[datatype])

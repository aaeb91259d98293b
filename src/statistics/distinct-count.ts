import { normalQuantile } from './normal.ts'
import type { Estimate } from './too-few-samples.ts'

const PRECISION = 12

/**
 * How many different values there are, in 4 KiB whatever the number (HyperLogLog, Flajolet et al. 2007, with 4096
 * registers and a hash of 64 bits): relative standard error 1.04/√4096 = 1.6 %. The merge of parts is exactly the whole.
 */
export type DistinctCount = Uint8Array

/** With 2^precision registers: the error halves with every two more. */
export const newDistinctCount = (precision = PRECISION): DistinctCount => new Uint8Array(1 << precision)

/** log2 of the number of registers. */
const precisionOf = (count: DistinctCount): number => 31 - Math.clz32(count.length)

/** Adds a value. Changes `count`, which belongs to the caller. */
export function addDistinct(count: DistinctCount, value: string): void {
  const [high, low] = hash64(value)
  addHash(count, high, low)
}

/** Adds a value by its hash of two words of 32 bits. Changes `count`, which belongs to the caller. */
export function addHash(count: DistinctCount, high: number, low: number): void {
  const precision = precisionOf(count)
  const register = high >>> (32 - precision)
  const restHigh = (high << precision) >>> 0
  const zeros = restHigh !== 0 ? Math.clz32(restHigh) : 32 - precision + Math.clz32(low)
  const rank = Math.min(64 - precision, zeros) + 1
  if (rank > count[register]!) count[register] = rank
}

/** The count of the union of any rows, disjoint or not. */
export const mergeDistinctCounts = (a: DistinctCount, b: DistinctCount): DistinctCount =>
  a.map((x, i) => Math.max(x, b[i]!))

/** The estimate with its interval, by Ertl's improved estimator (2017, algorithm 6), unbiased from 0 on. */
export function distinctEstimate(count: DistinctCount, confidence = 0.95): Estimate {
  const registers = count.length
  // bits of a hash that are left for the rank
  const rest = 64 - precisionOf(count)
  const having = new Array<number>(rest + 2).fill(0)
  for (const rank of count) having[rank]!++
  let z = registers * tau(1 - having[rest + 1]! / registers)
  for (let k = rest; k >= 1; k--) z = 0.5 * (z + having[k]!)
  z += registers * sigma(having[0]! / registers)
  const value = registers ** 2 / (2 * Math.LN2 * z)
  const half = (normalQuantile((1 + confidence) / 2) * 1.04 * value) / Math.sqrt(registers)
  return { value, low: value - half, high: value + half, n: registers }
}

function sigma(x: number): number {
  if (x === 1) return Infinity
  let [power, weight, sum] = [x, 1, x]
  for (;;) {
    power *= power
    const next = sum + power * weight
    weight *= 2
    if (next === sum) return sum
    sum = next
  }
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0
  let [root, weight, sum] = [x, 1, 1 - x]
  for (;;) {
    root = Math.sqrt(root)
    weight /= 2
    const next = sum - (1 - root) ** 2 * weight
    if (next === sum) return sum / 3
    sum = next
  }
}

/** Two words of 32 bits of a text (MurmurHash3's mixing over UTF-16 units); stable, because kept registers depend on it. */
function hash64(text: string): [high: number, low: number] {
  let a = 0x9e3779b9
  let b = 0x85ebca6b
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0xcc9e2d51)
    a = (a << 15) | (a >>> 17)
    b = Math.imul(b ^ unit, 0x1b873593)
    b = (b << 13) | (b >>> 19)
    b = (b + Math.imul(a, 5)) | 0
  }
  a = mix(a ^ text.length)
  b = mix(b ^ a)
  a = mix((a + b) | 0)
  return [a >>> 0, b >>> 0]
}

function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

import { addHash, distinctEstimate, newDistinctCount } from '../../statistics/distinct-count.ts'

/** Different values up to which they are counted exactly, by hashes of 64 bits; beyond it the error is 0.4 %. */
const EXACT = 1 << 16
const PRECISION = 16
const LEAST_SLOTS = 1 << 10

export interface DistinctCounter {
  addNumber(x: number): void
  addBytes(bytes: Uint8Array, from: number, to: number): void
  value(): number
}

/** Counts different values: exactly while they are few, then by HyperLogLog. */
export function createDistinctCounter(): DistinctCounter {
  let slots = LEAST_SLOTS
  let high = new Uint32Array(slots)
  let low = new Uint32Array(slots)
  let held = 0
  let zero = false
  let registers: Uint8Array | undefined
  const words = new Uint32Array(2)
  const double = new Float64Array(words.buffer)

  function put(h: number, l: number) {
    const mask = slots - 1
    let slot = l & mask
    while (high[slot] !== 0 || low[slot] !== 0) {
      if (high[slot] === h && low[slot] === l) return
      slot = (slot + 1) & mask
    }
    high[slot] = h
    low[slot] = l
    held++
  }

  function add(h: number, l: number) {
    if (registers) return addHash(registers, h, l)
    if (h === 0 && l === 0) {
      zero = true
      return
    }
    put(h, l)
    if (held * 2 > slots) grow()
  }

  function grow() {
    const [oldHigh, oldLow] = [high, low]
    const each = (visit: (h: number, l: number) => void) => {
      for (let i = 0; i < oldHigh.length; i++) if (oldHigh[i] !== 0 || oldLow[i] !== 0) visit(oldHigh[i]!, oldLow[i]!)
    }
    if (held >= EXACT) {
      const count = newDistinctCount(PRECISION)
      each((h, l) => addHash(count, h, l))
      registers = count
      high = low = new Uint32Array(0)
      return
    }
    slots *= 2
    high = new Uint32Array(slots)
    low = new Uint32Array(slots)
    held = 0
    each(put)
  }

  return {
    addNumber(x) {
      // 0 and −0 are one value
      double[0] = x + 0
      // four rounds of a Feistel network over the two words: as many hashes as numbers
      let a = words[0]!
      let b = words[1]!
      a ^= mixed(b ^ 0x9e3779b9)
      b ^= mixed(a ^ 0x7f4a7c15)
      a ^= mixed(b ^ 0x94d049bb)
      b ^= mixed(a ^ 0xbf58476d)
      add(a >>> 0, b >>> 0)
    },
    addBytes(bytes, from, to) {
      let a = 0x9e3779b9
      let b = 0x85ebca6b ^ (to - from)
      for (let i = from; i < to; i++) {
        a = Math.imul(a ^ bytes[i]!, 0xcc9e2d51)
        a = (a << 15) | (a >>> 17)
        b = Math.imul(b ^ a, 0x1b873593)
        b = (b << 13) | (b >>> 19)
      }
      a ^= mixed(b)
      b ^= mixed(a)
      add(a >>> 0, b >>> 0)
    },
    value: () => (registers ? Math.round(distinctEstimate(registers).value) : held + (zero ? 1 : 0)),
  }
}

/** MurmurHash3's last mixing. */
function mixed(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

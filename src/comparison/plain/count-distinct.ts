import { addHash, distinctEstimate, newDistinctCount } from '../../statistics/distinct-count.ts'

/** Different values up to which they are counted exactly, by hashes of 64 bits; beyond it the error is 0.4 %. */
const EXACT = 1 << 16
const PRECISION = 16
const SLOTS = 2 * EXACT
/** Slots that are looked at from the start: wiping them costs as much as a few values. */
const FEWEST_SLOTS = 1 << 10

export interface DistinctCounter {
  addNumber(x: number): void
  addBytes(bytes: Uint8Array, from: number, to: number): void
  value(): number
  /** Forgets what it has counted. */
  clear(): void
}

/** Counts different values: exactly while they are few, then by HyperLogLog. */
export function createDistinctCounter(): DistinctCounter {
  /** two words each; as many as `slots` are in use */
  const table = new Uint32Array(2 * SLOTS)
  let slots = FEWEST_SLOTS
  let held = 0
  let zero = false
  let registers: Uint8Array | undefined
  const words = new Uint32Array(2)
  const double = new Float64Array(words.buffer)

  function put(h: number, l: number) {
    let at = 2 * (l & (slots - 1))
    while (table[at] !== 0 || table[at + 1] !== 0) {
      if (table[at] === h && table[at + 1] === l) return
      at = (at + 2) & (2 * slots - 1)
    }
    table[at] = h
    table[at + 1] = l
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
    const before = table.slice(0, 2 * slots)
    table.fill(0, 0, 2 * slots)
    if (slots === SLOTS) registers = newDistinctCount(PRECISION)
    else slots = Math.min(SLOTS, 8 * slots)
    held = 0
    for (let at = 0; at < before.length; at += 2)
      if (before[at] !== 0 || before[at + 1] !== 0) {
        if (registers) addHash(registers, before[at]!, before[at + 1]!)
        else put(before[at]!, before[at + 1]!)
      }
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
    clear() {
      table.fill(0, 0, 2 * slots)
      slots = FEWEST_SLOTS
      held = 0
      zero = false
      registers = undefined
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

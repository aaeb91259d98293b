/**
 * Remembers at least the last `window` ids, at most twice as many, in 16 bytes each. An id is known by 64 bits of its
 * hash: among a million of them a new one is taken for a known one once in 18 million million.
 */
export interface SeenIds {
  /** Whether the id is new; it is known from now on. */
  add(id: string): boolean
}

interface Generation {
  slots: Uint32Array
  count: number
}

export function createSeenIds(window: number): SeenIds {
  const size = 2 ** Math.ceil(Math.log2(window * 1.5 + 2))
  const mask = size - 1
  const begin = (): Generation => ({ slots: new Uint32Array(size * 2), count: 0 })
  let current = begin()
  let before: Generation | undefined

  /** Index of the slot with the hash, or of the free one where it would stand, as its complement. */
  function find({ slots }: Generation, high: number, low: number): number {
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const first = slots[at * 2]!
      const second = slots[at * 2 + 1]!
      if (first === high && second === low) return at
      if (first === 0 && second === 0) return ~at
    }
  }

  return {
    add(id) {
      const [high, low] = hash(id)
      const place = find(current, high, low)
      if (place >= 0) return false
      const old = before !== undefined && find(before, high, low) >= 0
      current.slots[~place * 2] = high
      current.slots[~place * 2 + 1] = low
      current.count++
      if (current.count >= window) {
        before = current
        current = begin()
      }
      return !old
    },
  }
}

/** Two lanes of multiply-and-xor with the final mix of MurmurHash3; never both 0, which is a free slot. */
function hash(text: string): [number, number] {
  let a = 0x9e3779b9
  let b = 0x85ebca6b ^ text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0xcc9e2d51)
    a ^= a >>> 15
    b = Math.imul(b ^ code, 0x1b873593)
    b ^= b >>> 13
  }
  a = Math.imul(a ^ (b >>> 16), 0x85ebca6b)
  b = Math.imul(b ^ (a >>> 13), 0xc2b2ae35)
  a ^= b >>> 16
  b ^= a >>> 15
  return [a >>> 0, b >>> 0 || 1]
}

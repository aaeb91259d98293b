/** Where a key stands in a table: keys as UTF-8 after each other, and an open hash of their positions. Can be given to another thread. */
export interface KeyIndex {
  count: number
  /** hash slots, a power of two: position + 1, 0 where it is free */
  slots: Uint32Array
  /** begin of each key in `bytes`; one more for the end of the last */
  starts: Uint32Array
  bytes: Uint8Array
}

/** FNV-1a with a last mixing, so that keys that differ in their last digit spread. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 12)) >>> 0
}

/** Gives each key, as it comes, its position; the same key has the same. It goes on from an index that it takes over. */
export function createKeyIndexBuilder(from?: KeyIndex) {
  let slots = from?.slots ?? new Uint32Array(1024)
  let starts = from?.starts ?? new Uint32Array(1024)
  let bytes = from
    ? Buffer.from(from.bytes.buffer, from.bytes.byteOffset, from.bytes.byteLength)
    : Buffer.allocUnsafe(16_384)
  let count = from?.count ?? 0
  let used = from ? from.starts[from.count]! : 0
  let scratch = Buffer.allocUnsafe(1024)

  function grow() {
    slots = new Uint32Array(slots.length * 2)
    for (let at = 0; at < count; at++) {
      let slot = hashOf(bytes, starts[at]!, starts[at + 1]!) & (slots.length - 1)
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
      slots[slot] = at + 1
    }
  }

  return {
    /** The key's position: the number of keys before it when it is new. */
    place(key: string): number {
      if (used + key.length * 3 > bytes.length) {
        const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, used + key.length * 3))
        bytes.copy(larger, 0, 0, used)
        bytes = larger
      }
      const end = used + bytes.write(key, used, 'utf8')
      let slot = hashOf(bytes, used, end) & (slots.length - 1)
      for (let one = slots[slot]!; one !== 0; one = slots[slot]!) {
        if (sameBytes(bytes, starts[one - 1]!, starts[one]!, bytes, used, end)) return one - 1
        slot = (slot + 1) & (slots.length - 1)
      }
      if (count + 2 > starts.length) {
        const more = new Uint32Array(starts.length * 2)
        more.set(starts)
        starts = more
      }
      starts[count] = used
      starts[count + 1] = end
      slots[slot] = ++count
      used = end
      if (count * 3 > slots.length * 2) grow()
      return count - 1
    },
    /** −1 for a key that is not there. */
    find(key: string): number {
      if (key.length * 3 > scratch.length) scratch = Buffer.allocUnsafe(key.length * 3)
      const end = scratch.write(key, 0, 'utf8')
      let slot = hashOf(scratch, 0, end) & (slots.length - 1)
      for (let one = slots[slot]!; one !== 0; one = slots[slot]!) {
        if (sameBytes(bytes, starts[one - 1]!, starts[one]!, scratch, 0, end)) return one - 1
        slot = (slot + 1) & (slots.length - 1)
      }
      return -1
    },
    keyAt: (position: number): string => bytes.toString('utf8', starts[position]!, starts[position + 1]!),
    get count() {
      return count
    },
    get bytes() {
      return slots.byteLength + starts.byteLength + bytes.byteLength
    },
    done: (): KeyIndex => ({
      count,
      slots,
      starts: starts.slice(0, count + 1),
      bytes: Uint8Array.prototype.slice.call(bytes, 0, used),
    }),
  }
}

function sameBytes(a: Uint8Array, from: number, to: number, b: Uint8Array, start: number, end: number): boolean {
  if (to - from !== end - start) return false
  for (let i = 0; i < to - from; i++) if (a[from + i] !== b[start + i]) return false
  return true
}

/** Finds positions of keys, −1 for one that is not there. */
export function createKeyFinder({ slots, starts, bytes }: KeyIndex): (key: string) => number {
  let scratch = Buffer.allocUnsafe(1024)
  const last = slots.length - 1
  return (key) => {
    if (key.length * 3 > scratch.length) scratch = Buffer.allocUnsafe(key.length * 3)
    const length = scratch.write(key, 0, 'utf8')
    let slot = hashOf(scratch, 0, length) & last
    for (let one = slots[slot]!; one !== 0; one = slots[slot]!) {
      if (sameBytes(bytes, starts[one - 1]!, starts[one]!, scratch, 0, length)) return one - 1
      slot = (slot + 1) & last
    }
    return -1
  }
}

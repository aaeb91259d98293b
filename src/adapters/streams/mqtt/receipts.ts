/**
 * What of a session is landed and perhaps not known by the broker to be: after a lost connection it sends that again,
 * under the same packet number. The broker can only have as many in doubt as it may have under way, so the last `most`
 * are all there is to know.
 */
export interface Receipts {
  /** whether this packet number was last used for the same bytes */
  has(number: number, checksum: number): boolean
  add(number: number, checksum: number): void
  clear(): void
  /** 6 bytes each, oldest first, base64 */
  pack(): string
}

export function createReceipts(most: number, packed = ''): Receipts {
  const known = new Map<number, number>()
  const stored = Buffer.from(packed, 'base64')
  for (let at = 0; at + 6 <= stored.length; at += 6) known.set(stored.readUInt16BE(at), stored.readUInt32BE(at + 2))
  return {
    has: (number, checksum) => known.get(number) === checksum,
    add(number, checksum) {
      known.delete(number)
      known.set(number, checksum)
      if (known.size > most) known.delete(known.keys().next().value!)
    },
    clear: () => known.clear(),
    pack() {
      const bytes = Buffer.allocUnsafe(known.size * 6)
      let at = 0
      for (const [number, checksum] of known) {
        bytes.writeUInt16BE(number, at)
        bytes.writeUInt32BE(checksum, at + 2)
        at += 6
      }
      return bytes.toString('base64')
    },
  }
}

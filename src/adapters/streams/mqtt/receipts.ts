/**
 * What of a session is landed and perhaps not known by the broker to be: after a lost connection it sends that again,
 * under the same packet number. What the broker is known to have heard of is forgotten, so there are few.
 */
export interface Receipts {
  /** The receipt of the packet that last had this number, if it had the same bytes. */
  find(number: number, checksum: number): Receipt | undefined
  add(number: number, checksum: number): Receipt
  /** The receipt of the packet that last had this number. */
  of(number: number): Receipt | undefined
  /** The broker knows that these are acknowledged. */
  forget(receipts: readonly Receipt[]): void
  clear(): void
  /** 6 bytes each, oldest first, base64 */
  pack(): string
}

export interface Receipt {
  number: number
  checksum: number
}

export function createReceipts(packed = ''): Receipts {
  const known = new Map<number, Receipt>()
  const stored = Buffer.from(packed, 'base64')
  const add = (number: number, checksum: number) => {
    const receipt = { number, checksum }
    known.set(number, receipt)
    return receipt
  }
  for (let at = 0; at + 6 <= stored.length; at += 6) add(stored.readUInt16BE(at), stored.readUInt32BE(at + 2))
  return {
    find(number, checksum) {
      const receipt = known.get(number)
      return receipt?.checksum === checksum ? receipt : undefined
    },
    add,
    of: (number) => known.get(number),
    forget(receipts) {
      // a number that was used again meanwhile is another receipt
      for (const receipt of receipts) if (known.get(receipt.number) === receipt) known.delete(receipt.number)
    },
    clear: () => known.clear(),
    pack() {
      const bytes = Buffer.allocUnsafe(known.size * 6)
      let at = 0
      for (const { number, checksum } of known.values()) {
        bytes.writeUInt16BE(number, at)
        bytes.writeUInt32BE(checksum, at + 2)
        at += 6
      }
      return bytes.toString('base64')
    },
  }
}

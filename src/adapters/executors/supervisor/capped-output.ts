export interface CappedOutput {
  write(chunk: Buffer): void
  /** Hands over the tail, with a note of how much was left out before it. */
  end(): void
  /** the last bytes that came, for a look at why it ended */
  tail(): Buffer
}

/** Passes on the first half of `limit` bytes as they come, then keeps only the newest other half until the end. */
export function cappedOutput(limit: number, pass: (chunk: Buffer) => void): CappedOutput {
  const headBytes = Math.floor(limit / 2)
  const tailBytes = limit - headBytes
  let passed = 0
  let dropped = 0
  let kept: Buffer[] = []
  let keptBytes = 0
  let recent: Buffer = Buffer.alloc(0)

  const keep = (chunk: Buffer) => {
    kept.push(chunk)
    keptBytes += chunk.length
    while (keptBytes - kept[0]!.length >= tailBytes) {
      const first = kept.shift()!
      keptBytes -= first.length
      dropped += first.length
    }
  }
  return {
    write(chunk) {
      recent = Buffer.concat([recent, chunk.subarray(-2048)]).subarray(-2048)
      const room = headBytes - passed
      if (room >= chunk.length) {
        passed += chunk.length
        pass(chunk)
        return
      }
      if (room > 0) {
        passed += room
        pass(Buffer.from(chunk.subarray(0, room)))
        pass(
          Buffer.from(
            `\n[kedge] it has printed more than ${headBytes} bytes: from here only the last ${tailBytes} are kept, and shown at its end\n`,
          ),
        )
      }
      keep(Buffer.from(chunk.subarray(Math.max(room, 0))))
    },
    end() {
      if (keptBytes === 0) return
      const tail = Buffer.concat(kept)
      const over = Math.max(tail.length - tailBytes, 0)
      dropped += over
      if (dropped > 0) pass(Buffer.from(`[kedge] ${dropped} bytes are left out here\n`))
      pass(tail.subarray(over))
      kept = []
      keptBytes = 0
    },
    tail: () => recent,
  }
}

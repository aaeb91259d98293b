/** Messages of the Python worker: a length, JSON, then the buffers whose lengths the JSON names. */
export interface Frame {
  header: Record<string, unknown> & { buffers?: number[] }
  buffers: Buffer[]
}

const longestHeader = 2 ** 26

/** One message: 32 bits of length (big-endian), the header as JSON with the buffers' lengths, then the buffers. */
export function encodeFrame(header: Record<string, unknown>, buffers: readonly Uint8Array[] = []): Buffer {
  const text = JSON.stringify({ ...header, buffers: buffers.map((buffer) => buffer.byteLength) })
  const length = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(4 + length + buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0))
  frame.writeUInt32BE(length)
  frame.write(text, 4)
  let at = 4 + length
  for (const buffer of buffers) {
    frame.set(buffer, at)
    at += buffer.byteLength
  }
  return frame
}

/** Puts pieces of a stream together to whole messages. Throws when the stream holds no messages, or one above the limit. */
export function createFrameReader(onFrame: (frame: Frame) => void): (piece: Buffer) => void {
  let pieces: Buffer[] = []
  let have = 0
  let need = 4
  let header: Frame['header'] | undefined
  let stage: 'length' | 'header' | 'buffers' = 'length'

  const take = (): Buffer => {
    const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    const taken = all.subarray(0, need)
    const rest = all.subarray(need)
    pieces = rest.length > 0 ? [rest] : []
    have = rest.length
    return taken
  }
  return (piece) => {
    pieces.push(piece)
    have += piece.length
    while (have >= need) {
      const bytes = take()
      if (stage === 'length') {
        need = bytes.readUInt32BE()
        if (need > longestHeader) throw new Error('a message is longer than it may be')
        stage = 'header'
        continue
      }
      if (stage === 'header') {
        header = JSON.parse(bytes.toString()) as Frame['header']
        need = (header.buffers ?? []).reduce((sum, size) => sum + size, 0)
        stage = 'buffers'
        if (need > 0) continue
      }
      const buffers: Buffer[] = []
      let at = 0
      for (const size of header!.buffers ?? []) {
        buffers.push((stage === 'buffers' && need > 0 ? bytes : Buffer.alloc(0)).subarray(at, at + size))
        at += size
      }
      const frame = { header: header!, buffers }
      stage = 'length'
      need = 4
      onFrame(frame)
    }
  }
}

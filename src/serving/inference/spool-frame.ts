import { crc32 } from 'node:zlib'

/** A frame: length and CRC-32 of the payload (both 32 bits, little-endian), then the payload. */
export const frameHeader = 8
const largestFrame = 256 * 2 ** 20

/** The parts of a payload as one frame. */
export function encodeFrame(parts: readonly Buffer[]): Buffer {
  let length = 0
  for (const part of parts) length += part.length
  const frame = Buffer.allocUnsafe(frameHeader + length)
  let at = frameHeader
  for (const part of parts) at += part.copy(frame, at)
  frame.writeUInt32LE(length, 0)
  frame.writeUInt32LE(crc32(frame.subarray(frameHeader)), 4)
  return frame
}

/** The whole frames at the start of `bytes`; `end` is where the first torn or damaged one begins. */
export function decodeFrames(bytes: Buffer): { payloads: Buffer[]; end: number } {
  const payloads: Buffer[] = []
  let at = 0
  while (at + frameHeader <= bytes.length) {
    const length = bytes.readUInt32LE(at)
    if (length > largestFrame || at + frameHeader + length > bytes.length) break
    const payload = bytes.subarray(at + frameHeader, at + frameHeader + length)
    if (crc32(payload) !== bytes.readUInt32LE(at + 4)) break
    payloads.push(payload)
    at += frameHeader + length
  }
  return { payloads, end: at }
}

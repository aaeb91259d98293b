import { inflateSync } from 'node:zlib'

/** Rows of 8-bit brightness, 0 to 255. */
export interface Grey {
  width: number
  height: number
  /** row by row */
  pixels: Uint8Array
}

const channels: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
/** ITU-R BT.601 */
export const brightnessOf = (red: number, green: number, blue: number): number =>
  0.299 * red + 0.587 * green + 0.114 * blue

/**
 * The brightness of a PNG's pixels (W3C, PNG, third edition); transparency is not looked at. Undefined for what is none, is
 * interlaced or larger than `mostPixels`.
 */
export function decodePng(bytes: Buffer, mostPixels: number): Grey | undefined {
  const width = bytes.readUInt32BE(16)
  const height = bytes.readUInt32BE(20)
  const [depth, colour, , , interlaced] = bytes.subarray(24, 29) as unknown as number[]
  const perPixel = channels[colour!]
  if (!perPixel || interlaced || ![1, 2, 4, 8, 16].includes(depth!) || width * height > mostPixels) return undefined
  const { data, palette } = chunksOf(bytes)
  const stride = Math.ceil((width * perPixel * depth!) / 8)
  const raw = inflateSync(data, { maxOutputLength: (stride + 1) * height + 64 })
  if (raw.length < (stride + 1) * height) return undefined
  const step = Math.max(1, (perPixel * depth!) >> 3)
  const pixels = new Uint8Array(width * height)
  let before: Uint8Array = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1)
    const line = raw.subarray(start + 1, start + 1 + stride)
    undoFilter(raw[start]!, line, before, step)
    for (let x = 0; x < width; x++) pixels[y * width + x] = greyAt(line, x, depth!, colour!, perPixel, palette)
    before = line
  }
  return { width, height, pixels }
}

function chunksOf(bytes: Buffer): { data: Buffer; palette: Buffer } {
  const data: Buffer[] = []
  let palette = Buffer.alloc(0)
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    const body = bytes.subarray(at + 8, at + 8 + length)
    if (type === 'IDAT') data.push(body)
    else if (type === 'PLTE') palette = body as Buffer<ArrayBuffer>
    at += 12 + length
  }
  return { data: Buffer.concat(data), palette }
}

function undoFilter(filter: number, line: Uint8Array, above: Uint8Array, step: number): void {
  if (filter === 0) return
  for (let i = 0; i < line.length; i++) {
    const left = i >= step ? line[i - step]! : 0
    const up = above[i]!
    const corner = i >= step ? above[i - step]! : 0
    const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, corner)
    line[i] = line[i]! + guess
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

function greyAt(
  line: Uint8Array,
  x: number,
  depth: number,
  colour: number,
  perPixel: number,
  palette: Uint8Array,
): number {
  const sample = (i: number) => {
    const at = x * perPixel + i
    if (depth >= 8) return line[(at * depth) >> 3]!
    const bits = (line[(at * depth) >> 3]! >> (8 - depth - ((at * depth) & 7))) & ((1 << depth) - 1)
    return colour === 3 ? bits : (bits * 255) / ((1 << depth) - 1)
  }
  if (colour === 3) {
    const at = 3 * sample(0)
    return brightnessOf(palette[at] ?? 0, palette[at + 1] ?? 0, palette[at + 2] ?? 0)
  }
  return perPixel < 3 ? sample(0) : brightnessOf(sample(0), sample(1), sample(2))
}

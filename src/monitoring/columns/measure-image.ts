import { createRequire } from 'node:module'
import { momentsOf, varianceOf } from '../../statistics/moments.ts'
import { brightnessOf, decodePng, type Grey } from './decode-png.ts'

export interface ImageMeasures {
  format: 'png' | 'jpeg' | 'gif'
  width: number
  height: number
  bytes: number
  /** mean of the pixels' brightness, 0 to 1; absent where they were not read */
  brightness?: number
  /** standard deviation of the pixels' brightness */
  contrast?: number
}

const loadWhenUsed = createRequire(import.meta.url)

/** Pixels of larger images are not read. */
const MOST_PIXELS = 4_000_000

/** What can be said of an image (PNG, JPEG, GIF) without knowing what is on it; undefined where the bytes are none. */
export function measureImage(bytes: Buffer): ImageMeasures | undefined {
  try {
    if (bytes.length > 32 && bytes.readUInt32BE(0) === 0x8950_4e47) return measurePng(bytes)
    if (bytes.length > 32 && bytes.readUInt16BE(0) === 0xffd8) return measureJpeg(bytes)
    if (bytes.length > 12 && bytes.toString('latin1', 0, 4) === 'GIF8')
      return { format: 'gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8), bytes: bytes.length }
  } catch {
    // it is cut off
  }
  return undefined
}

function measurePng(bytes: Buffer): ImageMeasures {
  const size = {
    format: 'png' as const,
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    bytes: bytes.length,
  }
  return { ...size, ...lightOf(() => decodePng(bytes, MOST_PIXELS)) }
}

function measureJpeg(bytes: Buffer): ImageMeasures | undefined {
  const size = jpegSize(bytes)
  if (!size) return undefined
  const measured = { format: 'jpeg' as const, ...size, bytes: bytes.length }
  if (size.width * size.height > MOST_PIXELS) return measured
  return { ...measured, ...lightOf(() => decodeJpeg(bytes)) }
}

/** Of the first frame header. */
function jpegSize(bytes: Buffer): { width: number; height: number } | undefined {
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1]!
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return undefined
}

function decodeJpeg(bytes: Buffer): Grey {
  // loaded when the first one comes: most servers see none
  const { decode } = loadWhenUsed('jpeg-js') as typeof import('jpeg-js')
  const { width, height, data } = decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    maxMemoryUsageInMB: 128,
    maxResolutionInMP: MOST_PIXELS / 1e6,
  })
  const pixels = new Uint8Array(width * height)
  for (let i = 0; i < pixels.length; i++) pixels[i] = brightnessOf(data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!)
  return { width, height, pixels }
}

function lightOf(read: () => Grey | undefined): { brightness?: number; contrast?: number } {
  try {
    const grey = read()
    if (!grey || grey.pixels.length === 0) return {}
    const moments = momentsOf(grey.pixels)
    return {
      brightness: moments.sum / moments.n / 255,
      contrast: Math.sqrt(grey.pixels.length > 1 ? varianceOf(moments) : 0) / 255,
    }
  } catch {
    // its head is one of an image, its pixels are not
    return {}
  }
}

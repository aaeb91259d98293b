import { deflateSync } from 'node:zlib'
import { encode } from 'jpeg-js'
import { expect, test } from 'vitest'
import { measureImage } from './measure-image.ts'

const chunk = (type: string, body: Buffer) => {
  const out = Buffer.alloc(12 + body.length)
  out.writeUInt32BE(body.length, 0)
  out.write(type, 4, 'latin1')
  body.copy(out, 8)
  return out
}

/** A PNG of grey pixels; `filter` is put on every line. */
function png(width: number, height: number, grey: (x: number, y: number) => number, filter = 0): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head[8] = 8
  const lines = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) {
    lines[y * (width + 1)] = filter
    for (let x = 0; x < width; x++) {
      const left = x > 0 ? grey(x - 1, y) : 0
      const up = y > 0 ? grey(x, y - 1) : 0
      const corner = x > 0 && y > 0 ? grey(x - 1, y - 1) : 0
      const p = left + up - corner
      const [a, b, c] = [Math.abs(p - left), Math.abs(p - up), Math.abs(p - corner)]
      const guess = [0, left, up, (left + up) >> 1, a <= b && a <= c ? left : b <= c ? up : corner][filter]!
      lines[y * (width + 1) + 1 + x] = (grey(x, y) - guess) & 255
    }
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

test.each([0, 1, 2, 3, 4])('a PNG’s size, brightness and contrast, with filter %i', (filter) => {
  const bytes = png(20, 10, (x) => (x < 10 ? 51 : 153), filter)
  const found = measureImage(bytes)!
  expect(found).toMatchObject({ format: 'png', width: 20, height: 10, bytes: bytes.length })
  expect(found.brightness).toBeCloseTo(0.4, 9)
  expect(found.contrast).toBeCloseTo(0.2 * Math.sqrt(200 / 199), 9)
})

test('a JPEG’s', () => {
  const data = Buffer.alloc(32 * 16 * 4, 128)
  const bytes = encode({ width: 32, height: 16, data }, 90).data
  const found = measureImage(bytes)!
  expect(found).toMatchObject({ format: 'jpeg', width: 32, height: 16, bytes: bytes.length })
  expect(found.brightness).toBeCloseTo(128 / 255, 2)
  expect(found.contrast).toBeCloseTo(0, 2)
})

test('what is cut off or too large says what its head says, what is none nothing', () => {
  const whole = png(20, 10, () => 7)
  expect(measureImage(whole.subarray(0, whole.length - 30))).toEqual({
    format: 'png',
    width: 20,
    height: 10,
    bytes: whole.length - 30,
  })
  const large = Buffer.from(whole)
  large.writeUInt32BE(1_000_000, 16)
  expect(measureImage(large)).not.toHaveProperty('brightness')
  expect(measureImage(whole.subarray(0, 20))).toBeUndefined()
  expect(measureImage(Buffer.from('no image at all, but a text that is long enough'))).toBeUndefined()
  expect(measureImage(Buffer.from([0xff, 0xd8, ...new Array(40).fill(0)]))).toBeUndefined()
})

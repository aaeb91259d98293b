import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFrameReader, FrameError, frame, inflateMessage } from './frames.ts'

test('messages come out as they went in, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.array(fc.integer({ min: 1, max: 30 })), (all, cuts) => {
      const bytes = Buffer.concat(all.map(frame))
      const reader = createFrameReader(1000)
      const found: Buffer[] = []
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = cuts[i % cuts.length] ?? bytes.length
        for (const { message } of reader.push(bytes.subarray(at, at + size))) found.push(message)
        at += size
      }
      expect(found).toEqual(all.map((one) => Buffer.from(one)))
      expect(reader.empty).toBe(true)
    }),
  )
})

test('a message over the limit is refused by its head, and half a message is told', () => {
  expect(() => createFrameReader(10).push(frame(Buffer.alloc(11)).subarray(0, 5))).toThrow(FrameError)
  const reader = createFrameReader(10)
  expect(reader.push(Buffer.alloc(3))).toEqual([])
  expect(reader.empty).toBe(false)
})

test('compressed messages are inflated up to the limit; other compressions and damaged bytes are refused', async () => {
  const text = Buffer.from('a'.repeat(1000))
  expect(await inflateMessage(gzipSync(text), 'gzip', 1000)).toEqual(text)
  await expect(inflateMessage(gzipSync(text), 'gzip', 999)).rejects.toMatchObject({ code: 8 })
  await expect(inflateMessage(text, 'gzip', 1000)).rejects.toMatchObject({ code: 13 })
  await expect(inflateMessage(text, 'snappy', 1000)).rejects.toMatchObject({ code: 12 })
  await expect(inflateMessage(text, undefined, 1000)).rejects.toMatchObject({ code: 13 })
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createFrameReader, encodeFrame, type Frame } from './frames.ts'

it('puts messages together again, however the stream is cut', () => {
  const message = fc.record({
    id: fc.nat(),
    text: fc.string(),
    buffers: fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 4 }),
  })
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (messages, cuts) => {
        const bytes = Buffer.concat(messages.map(({ id, text, buffers }) => encodeFrame({ id, text }, buffers)))
        const frames: Frame[] = []
        const read = createFrameReader((frame) => frames.push(frame))
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = cuts[i % cuts.length]!
          read(bytes.subarray(at, at + size))
          at += size
        }
        expect(
          frames.map(({ header, buffers }) => ({
            id: header.id,
            text: header.text,
            buffers: buffers.map((buffer) => new Uint8Array(buffer)),
          })),
        ).toEqual(
          messages.map(({ id, text, buffers }) => ({
            id,
            text,
            buffers: buffers.map((buffer) => new Uint8Array(buffer)),
          })),
        )
      },
    ),
  )
})

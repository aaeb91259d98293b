import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cappedOutput } from './capped-output.ts'

function run(limit: number, chunks: Buffer[]): string {
  const passed: Buffer[] = []
  const output = cappedOutput(limit, (chunk) => passed.push(chunk))
  for (const chunk of chunks) output.write(chunk)
  output.end()
  return Buffer.concat(passed).toString('latin1')
}

const pieces = fc.array(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.map((byte) => 97 + (byte % 26)))),
)

describe('cappedOutput', () => {
  it('passes everything on while it is within half of the limit', () => {
    fc.assert(
      fc.property(pieces, (chunks) => {
        expect(run(100_000, chunks)).toBe(Buffer.concat(chunks).toString())
      }),
    )
  })

  it('keeps head and tail to the byte, however the output is cut into chunks', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 2, max: 200 }), (chunks, limit) => {
        const whole = Buffer.concat(chunks).toString()
        const head = Math.floor(limit / 2)
        const tail = limit - head
        const text = run(limit, chunks)
        if (whole.length <= head) expect(text).toBe(whole)
        else {
          expect(text.startsWith(whole.slice(0, head))).toBe(true)
          const rest = whole.slice(head)
          expect(text.endsWith(rest.slice(-tail))).toBe(true)
          const left = Number(/\[kedge\] (\d+) bytes are left out here/.exec(text)?.[1] ?? 0)
          expect(left).toBe(Math.max(rest.length - tail, 0))
        }
      }),
    )
  })
})

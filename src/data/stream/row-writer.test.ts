import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLines } from './read-lines.ts'
import { createRowWriter } from './row-writer.ts'

describe('rows of any fields', () => {
  it('come back as they were, whatever their fields are called and in whatever order', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null))
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string({ maxLength: 4 }), value, { maxKeys: 6, noNullPrototype: true })),
        (rows) => {
          const writer = createRowWriter(['_topic'])
          for (const row of rows) writer.add(5, { _topic: 't' }, row)
          const lines = readLines(writer.take().data)
          expect(lines).toHaveLength(rows.length)
          for (const [i, row] of rows.entries()) {
            const [at, ...cells] = lines[i]!
            expect(at).toBe(5)
            for (const [name, expected] of Object.entries(row)) {
              const column = name === '' || name.startsWith('_') ? `payload_${name}` : name
              const found = cells[writer.columns.indexOf(column.toWellFormed())] ?? null
              expect(found).toEqual(
                typeof expected === 'string' ? expected.toWellFormed() : Object.is(expected, -0) ? 0 : expected,
              )
            }
          }
        },
      ),
    )
  })

  it('keeps what is nested, large, bytes or a time as text', () => {
    const writer = createRowWriter([])
    writer.add(
      1,
      {},
      {
        big: 2n ** 70n,
        deep: { a: [1n, new Uint8Array([1, 2])] },
        bytes: new Uint8Array([255]),
        time: new Date(0),
        none: Number.NaN,
      },
    )
    expect(readLines(writer.take().data)[0]).toEqual([
      1,
      String(2n ** 70n),
      '{"a":["1","AQI="]}',
      '/w==',
      '1970-01-01T00:00:00.000Z',
      null,
    ])
  })

  it('puts what has no column any more among the others', () => {
    const writer = createRowWriter([])
    for (let i = 0; i < 1100; i++) writer.add(1, {}, { [`f${i}`]: i })
    expect(writer.columns).toHaveLength(1001)
    const last = readLines(writer.take().data).at(-1)!
    expect(JSON.parse(String(last[1001]))).toEqual({ f1099: 1099 })
  })
})

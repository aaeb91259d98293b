import fc from 'fast-check'
import { expect, test } from 'vitest'
import { landedPieces } from './landed-pieces.ts'

/** Pieces of these sizes, one after the other. */
const inOrder = (first: number, sizes: readonly number[]) => {
  let next = first
  return sizes.map((rows) => {
    const piece = { first: next, rows }
    next += rows
    return piece
  })
}
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 6 })

test('each row is in one piece, whatever was put together meanwhile', () => {
  fc.assert(
    fc.property(sizes, sizes, fc.nat(60), fc.nat(60), fc.nat(40), (filed, buffered, folded, from, most) => {
      const before = inOrder(0, filed)
      const start = filed.reduce((sum, rows) => sum + rows, 0)
      const chunks = inOrder(start, buffered)
      const end = start + buffered.reduce((sum, rows) => sum + rows, 0)
      // after the chunks were looked up, some rows of theirs became part of the last file
      const whole = before.map((piece, i) =>
        i === before.length - 1 ? { ...piece, rows: Math.min(piece.rows + folded, end - piece.first) } : piece,
      )
      const after = Math.min(from, end)
      const found = landedPieces(whole, chunks, after, most + 1)
      const rows = [
        ...found.batches.flatMap(({ batch, end }) => numbers(batch.first, end)),
        ...found.chunks.flatMap(({ first, rows }) => numbers(first, first + rows)),
      ].filter((row) => row >= after && row < found.end)
      expect(rows).toEqual(numbers(after, found.end))
      if (after < end) expect(found.end).toBeGreaterThan(after)
    }),
  )
})

const numbers = (from: number, end: number) => Array.from({ length: Math.max(0, end - from) }, (_, i) => from + i)

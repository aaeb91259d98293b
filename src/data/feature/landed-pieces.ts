interface Piece {
  /** sequence of its first row */
  first: number
  rows: number
}

export interface LandedPieces<Batch, Chunk> {
  /** micro-batches, with the sequence before which their rows count */
  batches: { batch: Batch; end: number }[]
  chunks: Chunk[]
  /** sequence after the last row of all of them; `after` when there is none */
  end: number
}

/**
 * The pieces of a stream, each in its order, that have the rows from `after` on, about `most` of them. Chunks were looked
 * up first: what became a micro-batch meanwhile, or was put together with one before, is in both and taken from the chunk.
 */
export function landedPieces<Batch extends Piece, Chunk extends Piece>(
  batches: readonly Batch[],
  chunks: readonly Chunk[],
  after: number,
  most: number,
): LandedPieces<Batch, Chunk> {
  const buffered = chunks[0]?.first ?? Number.POSITIVE_INFINITY
  const taken: { batch: Batch; end: number }[] = []
  let end = after
  for (const batch of batches) {
    const last = Math.min(batch.first + batch.rows, buffered)
    if (last <= Math.max(after, batch.first)) continue
    if (end - after >= most) break
    taken.push({ batch, end: last })
    end = last
  }
  const own = chunks.filter(({ first, rows }) => first + rows > after)
  const [next, last] = [own[0], own.at(-1)]
  if (!next || !last || next.first > end || end - after >= most) return { batches: taken, chunks: [], end }
  return { batches: taken, chunks: own, end: last.first + last.rows }
}

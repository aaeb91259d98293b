import type { PerformanceSums } from '../../statistics/slice.ts'
import { ofErrors } from '../performance-sums.ts'
import { type AlignedInput, alignedNumbers } from './aligned-numbers.ts'
import { chunkEdges, inChunks } from './chunk-edges.ts'
import type { PlainFile } from './plain-file.ts'

/** Sums of the errors of a regression over the rows of every chunk whose truth is known. */
export function plainErrorSums(
  file: PlainFile,
  chunks: number,
  prediction: AlignedInput,
  target: AlignedInput,
): PerformanceSums[] {
  const edges = chunkEdges(file.rows, chunks)
  const found = Array.from({ length: chunks }, () => ({ n: 0, error: 0, absolute: 0, squares: 0, fourth: 0 }))
  for (const block of alignedNumbers(file, [prediction, target])) {
    const [predicted, actual] = block.values as [Float64Array, Float64Array]
    inChunks(edges, block, (chunk, from, to) => {
      const sums = found[chunk]!
      for (let i = from; i < to; i++) {
        const off = predicted[i]! - actual[i]!
        if (off - off !== 0) continue
        const square = off * off
        sums.n++
        sums.error += off
        sums.absolute += Math.abs(off)
        sums.squares += square
        sums.fourth += square * square
      }
    })
  }
  return found.map(ofErrors)
}

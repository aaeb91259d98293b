import { sketchKey } from '../../statistics/sketch.ts'
import { noPerformance, type PerformanceSums } from '../../statistics/slice.ts'
import { ofScores, type ScoreSums } from '../performance-sums.ts'
import { type AlignedInput, alignedNumbers } from './aligned-numbers.ts'
import { chunkEdges, inChunks } from './chunk-edges.ts'
import type { PlainFile } from './plain-file.ts'

/** Keys of scores are 0, or those of values from 0 to 1. */
const BINS = sketchKey(1) + 1
/** Scores whose key and losses are remembered: many models give few different ones. */
const REMEMBERED = 4096
/** Probabilities are kept this far from 0 and 1 before their logarithm. */
const LEAST = 2 ** -52

interface Sums extends Omit<ScoreSums, 'falsePositives' | 'positiveScores' | 'negativeScores'> {
  chosen: number
  /** by truth: rows of each bin of a sketch */
  bins: [Int32Array, Int32Array]
}

const noSums = (): Sums => ({
  n: 0,
  positives: 0,
  truePositives: 0,
  chosen: 0,
  scoreSum: 0,
  scoreVariance: 0,
  lossSum: 0,
  lossSquares: 0,
  brier: 0,
  brierSquares: 0,
  bins: [new Int32Array(BINS), new Int32Array(BINS)],
})

/** Sums of a binary classifier over the rows of every chunk whose truth is known: what `scoreStatement` asks the engine. */
export function plainScoreSums(
  file: PlainFile,
  chunks: number,
  score: AlignedInput,
  truth: AlignedInput,
  threshold: number,
): PerformanceSums[] {
  const edges = chunkEdges(file.rows, chunks)
  const found = Array.from({ length: chunks }, noSums)
  const look = createScoreLook()
  for (const block of alignedNumbers(file, [score, truth])) {
    const [scores, truths] = block.values as [Float64Array, Float64Array]
    inChunks(edges, block, (chunk, from, to) => addRows(found[chunk]!, look, scores, truths, from, to, threshold))
  }
  return found.map(performanceOf)
}

/** Key and losses of a score, remembered by its bits. */
function createScoreLook() {
  const scores = new Float64Array(REMEMBERED).fill(Number.NaN)
  const keys = new Int32Array(REMEMBERED)
  /** the loss where the truth is 0, and where it is 1 */
  const losses = new Float64Array(2 * REMEMBERED)
  const double = new Float64Array(1)
  const words = new Uint32Array(double.buffer)
  /** Where the score stands in `keys` and `losses`. */
  function slotOf(score: number): number {
    double[0] = score
    const slot = Math.imul(words[0]! ^ Math.imul(words[1]!, 0x9e3779b1), 0x85ebca6b) >>> 20
    if (scores[slot] !== score) {
      scores[slot] = score
      keys[slot] = sketchKey(score)
      losses[2 * slot] = -Math.log(Math.min(1 - LEAST, Math.max(LEAST, 1 - score)))
      losses[2 * slot + 1] = -Math.log(Math.min(1 - LEAST, Math.max(LEAST, score)))
    }
    return slot
  }
  return { keys, losses, slotOf }
}

function addRows(
  sums: Sums,
  { keys, losses, slotOf }: ReturnType<typeof createScoreLook>,
  scores: Float64Array,
  truths: Float64Array,
  from: number,
  to: number,
  threshold: number,
): void {
  let [n, positives, chosen, truePositives] = [0, 0, 0, 0]
  let [scoreSum, scoreVariance, lossSum, lossSquares, brier, brierSquares] = [0, 0, 0, 0, 0, 0]
  const [negative, positive] = sums.bins
  for (let i = from; i < to; i++) {
    const score = scores[i]!
    const truth = truths[i]!
    if (!(score >= 0 && score <= 1) || (truth !== 0 && truth !== 1)) continue
    const slot = slotOf(score)
    const loss = losses[2 * slot + truth]!
    const squared = (score - truth) ** 2
    n++
    positives += truth
    if (score >= threshold) {
      chosen++
      truePositives += truth
    }
    scoreSum += score
    scoreVariance += score * (1 - score)
    lossSum += loss
    lossSquares += loss * loss
    brier += squared
    brierSquares += squared * squared
    if (truth === 1) positive[keys[slot]!]!++
    else negative[keys[slot]!]!++
  }
  sums.n += n
  sums.positives += positives
  sums.chosen += chosen
  sums.truePositives += truePositives
  sums.scoreSum += scoreSum
  sums.scoreVariance += scoreVariance
  sums.lossSum += lossSum
  sums.lossSquares += lossSquares
  sums.brier += brier
  sums.brierSquares += brierSquares
}

function sketchOfBins(bins: Int32Array): Map<number, number> {
  const sketch = new Map<number, number>()
  bins.forEach((n, key) => {
    if (n > 0) sketch.set(key, n)
  })
  return sketch
}

const performanceOf = ({ chosen, bins: [negative, positive], ...sums }: Sums): PerformanceSums =>
  sums.n === 0
    ? noPerformance
    : ofScores({
        ...sums,
        falsePositives: chosen - sums.truePositives,
        positiveScores: sketchOfBins(positive),
        negativeScores: sketchOfBins(negative),
      })

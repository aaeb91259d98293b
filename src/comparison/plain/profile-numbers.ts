import { sketchKey } from '../../statistics/sketch.ts'
import { type FeatureProfile, noProfile } from '../../statistics/slice.ts'
import { inChunks } from './chunk-edges.ts'
import type { DistinctCounter } from './count-distinct.ts'
import type { Dictionary, Page } from './read-pages.ts'

/** Keys lie between −LAST_KEY and LAST_KEY. */
const LAST_KEY = 4001

/** What a column of numbers shows, in every chunk. */
export interface NumberProfiles {
  profiles: FeatureProfile[]
  /** rows with a value, and of those the ones with a finite one */
  there: number
  finite: number
}

/** Rows of each bin of a sketch. */
export const newBins = (): Int32Array => new Int32Array(2 * LAST_KEY + 1)

/** Gathers profiles from pages of numbers, with `bins` to count in; `distinct`, when given, counts their values. */
export function createNumberProfiles(edges: readonly number[], bins: Int32Array, distinct?: DistinctCounter) {
  bins.fill(0)
  const profiles: FeatureProfile[] = Array.from({ length: edges.length - 1 }, () => noProfile)
  let there = 0
  let finite = 0
  let open = 0
  let own = nothing()
  let dictionary: Dictionary | undefined
  let counts = new Int32Array(0)
  let seen = new Uint8Array(0)

  function weigh(x: number, n: number, key: number) {
    own.n += n
    own.sum += x * n
    if (x < own.low) own.low = x
    if (x > own.high) own.high = x
    bins[key + LAST_KEY]! += n
  }

  /** Takes the counts of values of the dictionary into the chunk. */
  function settle() {
    if (!dictionary) return
    const values = dictionary.numbers!
    const before = own
    own = nothing()
    for (let i = 0; i < values.length; i++) {
      const n = counts[i]!
      if (n === 0) continue
      const x = values[i]!
      there += n
      if (seen[i] === 0) {
        seen[i] = 1
        distinct?.addNumber(x)
      }
      if (Number.isFinite(x)) weigh(x, n, sketchKey(x))
    }
    const mean = own.sum / own.n
    for (let i = 0; i < values.length; i++) {
      const n = counts[i]!
      if (n > 0 && Number.isFinite(values[i]!)) own.centred += n * (values[i]! - mean) ** 2
    }
    own = joined(before, own)
    counts.fill(0)
  }

  function close() {
    settle()
    const sketch = new Map<number, number>()
    const { n, sum, centred, low, high } = own
    if (n > 0) {
      const last = sketchKey(high)
      for (let key = sketchKey(low); key <= last; key++) {
        const rows = bins[key + LAST_KEY]!
        if (rows > 0) sketch.set(key, rows)
      }
      bins.fill(0)
    }
    finite += n
    if (n > 0)
      profiles[open] = {
        count: n,
        sum,
        sumSquares: centred + (sum * sum) / n,
        centred,
        minimum: low,
        maximum: high,
        sketch,
        categories: noProfile.categories,
      }
    own = nothing()
  }

  function addNumbers(numbers: Float64Array, present: Int32Array | undefined, from: number, to: number) {
    const before = own
    own = nothing()
    for (let i = from; i < to; i++) {
      if (present !== undefined && present[i] === 0) continue
      const x = numbers[i]!
      there++
      distinct?.addNumber(x)
      // x − x is 0 for finite numbers only
      if (x - x === 0) weigh(x, 1, sketchKey(x))
    }
    const mean = own.sum / own.n
    for (let i = from; i < to; i++) {
      const off = numbers[i]! - mean
      if (off - off === 0) own.centred += off * off
    }
    own = joined(before, own)
  }

  /** Values of a dictionary with hardly fewer values than a chunk has rows: counting them first would save nothing. */
  const spread = { numbers: new Float64Array(0), present: new Int32Array(0) }
  const largest = Math.max(0, ...edges.slice(1).map((edge, i) => edge - edges[i]!)) / 4

  function spreadOut({ firstRow, rows, indices, dictionary: own }: Page): Page {
    if (spread.numbers.length < rows) {
      spread.numbers = new Float64Array(rows)
      spread.present = new Int32Array(rows)
    }
    const { size, numbers } = own!
    for (let i = 0; i < rows; i++) {
      const index = indices![i]!
      spread.present[i] = index < size ? 1 : 0
      spread.numbers[i] = index < size ? numbers![index]! : Number.NaN
    }
    return { firstRow, rows, numbers: spread.numbers, present: spread.present }
  }

  return {
    add(given: Page) {
      const page = given.dictionary && given.dictionary.size > largest ? spreadOut(given) : given
      if (page.dictionary !== dictionary) {
        settle()
        dictionary = page.dictionary
        counts = new Int32Array((dictionary?.size ?? 0) + 1)
        seen = new Uint8Array(dictionary?.size ?? 0)
      }
      inChunks(edges, page, (chunk, from, to) => {
        if (chunk !== open) {
          close()
          open = chunk
        }
        const { indices } = page
        if (!indices) addNumbers(page.numbers!, page.present, from, to)
        else for (let i = from; i < to; i++) counts[indices[i]!]!++
      })
    },
    end(): NumberProfiles {
      close()
      return { profiles, there, finite }
    },
  }
}

interface Gathered {
  n: number
  sum: number
  centred: number
  low: number
  high: number
}

const nothing = (): Gathered => ({ n: 0, sum: 0, centred: 0, low: Infinity, high: -Infinity })

/** Of disjoint rows; squares about the mean by Chan et al. 1979. */
function joined(a: Gathered, b: Gathered): Gathered {
  if (a.n === 0) return b
  if (b.n === 0) return a
  const apart = b.sum / b.n - a.sum / a.n
  return {
    n: a.n + b.n,
    sum: a.sum + b.sum,
    centred: a.centred + b.centred + (apart * apart * a.n * b.n) / (a.n + b.n),
    low: Math.min(a.low, b.low),
    high: Math.max(a.high, b.high),
  }
}

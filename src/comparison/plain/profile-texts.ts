import { type FeatureProfile, noProfile } from '../../statistics/slice.ts'
import { LONGEST_CATEGORY, MOST_CATEGORIES } from '../chunk-statement.ts'
import { inChunks } from './chunk-edges.ts'
import type { DistinctCounter } from './count-distinct.ts'
import type { Texts } from './decode-values.ts'
import type { Dictionary, Page } from './read-pages.ts'

const BOOLS = ['false', 'true']

/** A text as a category: valid UTF-8, and not longer than what is kept. */
function categoryOf({ bytes, starts, ends }: Texts, i: number): string {
  const text = bytes.toString('utf8', starts[i], ends[i])
  return text.length <= LONGEST_CATEGORY ? text : [...text].slice(0, LONGEST_CATEGORY).join('')
}

/** Gathers the categories of every chunk, as long as they are few enough to be told apart. */
export function createCategoryProfiles(edges: readonly number[]) {
  const found: Map<string, number>[] = Array.from({ length: edges.length - 1 }, () => new Map())
  const all = new Set<string>()
  let open = 0
  let dictionary: Dictionary | undefined
  let names: (string | undefined)[] = []
  let counts = new Int32Array(0)

  function add(category: string, n: number) {
    const own = found[open]!
    const before = own.get(category)
    if (before === undefined) all.add(category)
    own.set(category, (before ?? 0) + n)
  }

  function settle() {
    if (!dictionary) return
    for (let i = 0; i < dictionary.size && all.size <= MOST_CATEGORIES; i++)
      if (counts[i]! > 0) {
        names[i] ??= dictionary.texts ? categoryOf(dictionary.texts, i) : BOOLS[i]!
        add(names[i]!, counts[i]!)
      }
    counts.fill(0)
  }

  return {
    /** false as soon as there are too many: what has been gathered is of no use then */
    add(page: Page): boolean {
      if (page.dictionary !== dictionary) {
        settle()
        dictionary = page.dictionary
        counts = new Int32Array((dictionary?.size ?? 0) + 1)
        names = new Array(dictionary?.size ?? 0)
      }
      let value = 0
      inChunks(edges, page, (chunk, from, to) => {
        if (chunk !== open) {
          settle()
          open = chunk
        }
        const { indices, texts, present } = page
        if (indices) for (let i = from; i < to; i++) counts[indices[i]!]!++
        else
          for (let i = from; i < to && all.size <= MOST_CATEGORIES; i++)
            if (present?.[i] !== 0) add(categoryOf(texts!, value++), 1)
      })
      return all.size <= MOST_CATEGORIES
    },
    end(): { profiles: FeatureProfile[]; distinct: number } {
      settle()
      const profiles = found.map((categories) => {
        let count = 0
        for (const n of categories.values()) count += n
        return { ...noProfile, count, categories }
      })
      return { profiles, distinct: all.size }
    },
  }
}

/** The lengths of texts in characters, as pages of numbers; every text is told to `distinct`, of a dictionary once. */
export function lengthPages(distinct: DistinctCounter) {
  let dictionary: Dictionary | undefined
  let lengths: Dictionary | undefined
  return (page: Page): Page => {
    if (page.dictionary) {
      if (page.dictionary !== dictionary) {
        dictionary = page.dictionary
        lengths = { size: dictionary.size, numbers: lengthsOf(dictionary.texts!, distinct) }
      }
      return { ...page, dictionary: lengths! }
    }
    const compact = lengthsOf(page.texts!, distinct)
    const { present, rows } = page
    if (!present) return { firstRow: page.firstRow, rows, present, numbers: compact }
    const numbers = new Float64Array(rows).fill(Number.NaN)
    for (let row = 0, i = 0; row < rows; row++) if (present[row] === 1) numbers[row] = compact[i++]!
    return { firstRow: page.firstRow, rows, present, numbers }
  }
}

function lengthsOf({ bytes, starts, ends }: Texts, distinct: DistinctCounter): Float64Array {
  const lengths = new Float64Array(starts.length)
  for (let i = 0; i < starts.length; i++) {
    let characters = 0
    const end = ends[i]!
    for (let at = starts[i]!; at < end; at++) if ((bytes[at]! & 0xc0) !== 0x80) characters++
    lengths[i] = characters
    distinct.addBytes(bytes, starts[i]!, end)
  }
  return lengths
}

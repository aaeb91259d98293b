import { aspectName, aspectOf } from '../../statistics/column-aspect.ts'
import { quote } from '../../storage/events/bind-parameters.ts'
import type { ProfileSource } from '../profile-sql.ts'
import type { ColumnFacts, TextFacts, VectorFacts, WatchedColumn } from './column-facts.ts'

const MOST_WORDS = 1000
/** SQL of the words of a text, in lower case. */
export const wordsOf = (text: string): string =>
  `arraySlice(extractAll(lowerUTF8(${text}), '[\\\\p{L}\\\\p{N}]+'), 1, ${MOST_WORDS})`
/** SQL of the numbers of a vector; empty where the text is none. */
export const numbersIn = (text: string): string => `JSONExtract(${text}, 'Array(Float64)')`

const EVER = 4_102_444_800

/** SQL that a column adds to the rows of a source. */
interface Aspects {
  /** `expression AS name`, computed before the others */
  inner: string[]
  /** [feature, expression]; NaN is missing */
  numbers: [feature: string, sql: string][]
  /** arrays of (feature, category) */
  words: string[]
  /** arrays of (feature, vector) */
  vectors: string[]
  params: Record<string, unknown>
}

/**
 * The rows of a source with the aspects of its texts and vectors as features beside, and without the columns themselves: each
 * value of theirs is another one. An aspect that needs facts is left out where there are none.
 */
export function aspectSource(source: ProfileSource, columns: readonly WatchedColumn[]): ProfileSource {
  if (columns.length === 0) return source
  const found = columns.map((column, i) =>
    column.kind === 'text' ? textAspects(column, i) : column.kind === 'vector' ? vectorAspects(column, i) : none,
  )
  const numbers = found.flatMap((aspects) => aspects.numbers)
  const pairs = numbers.map(([feature, sql]) => `(${quote(feature)}, toFloat64(${sql}))`)
  const words = found.flatMap((aspects) => aspects.words)
  const vectors = found.flatMap((aspects) => aspects.vectors)
  const inner = found.flatMap((aspects) => aspects.inner)
  const more =
    pairs.length === 0
      ? 'numbers'
      : `CAST(arrayConcat(CAST(numbers, 'Array(Tuple(String, Float64))'), arrayFilter(t -> isFinite(t.2), [${pairs.join(', ')}])), 'Map(String, Float64)')`
  const list = (arrays: string[]) => (arrays.length > 1 ? `arrayConcat(${arrays.join(', ')})` : arrays[0])
  return {
    sql: `SELECT revision, bucket, live, ${more} AS numbers,
      mapFilter((name, text) -> NOT has([${columns.map(({ name }) => quote(name)).join(', ')}], name), texts) AS texts,
      score, judged, label, latency, truth, outcome, id, chance${words.length > 0 ? `, ${list(words)} AS words` : ''}${
        vectors.length > 0 ? `, ${list(vectors)} AS vectors` : ''
      }
      FROM (SELECT *${inner.map((sql) => `, ${sql}`).join('')} FROM (${source.sql}))`,
    params: Object.assign({ ...source.params }, ...found.map(({ params }) => params)),
    ...(words.length > 0 ? { words: true } : {}),
    ...(vectors.length > 0 ? { vectors: true } : {}),
  }
}

const none: Aspects = { inner: [], numbers: [], words: [], vectors: [], params: {} }

/** An expression for each revision's facts: those that a row was learnt from, and other rows. */
function byFacts<Facts extends ColumnFacts>(
  column: WatchedColumn,
  of: (facts: Facts, at: number) => { within: string; beyond: string },
): string | undefined {
  const some = column.facts.filter(({ facts }) => facts.kind === column.kind)
  if (some.length === 0) return undefined
  const cases = some.flatMap(({ revision, facts, learntBefore }, at) => {
    const { within, beyond } = of(facts as Facts, at)
    const ours = revision === undefined ? 'true' : `revision = ${revision}`
    const before = Math.min(EVER, Math.floor(learntBefore / 1000))
    return [`${ours} AND toUnixTimestamp(bucket) < ${before}`, within, ours, beyond]
  })
  return `multiIf(${cases.join(', ')}, nan)`
}

function textAspects(column: WatchedColumn, i: number): Aspects {
  const params: Record<string, unknown> = {}
  const there = (sql: string) => `if(text_${i} = '', nan, ${sql})`
  const known = byFacts<TextFacts>(column, ({ words, edge }, at) => {
    params[`words_${i}_${at}`] = words
    params[`edge_${i}_${at}`] = edge
    const sure = `arrayCount(w -> w IN {words_${i}_${at}:Array(String)}, distinct_${i})`
    return { within: sure, beyond: `${sure} + arrayCount(w -> w IN {edge_${i}_${at}:Array(String)}, distinct_${i})` }
  })
  return {
    inner: [
      `texts[${quote(column.name)}] AS text_${i}`,
      `${wordsOf(`text_${i}`)} AS words_${i}`,
      `arrayDistinct(words_${i}) AS distinct_${i}`,
    ],
    numbers: [
      [aspectName(column.name, 'length'), there(`lengthUTF8(text_${i})`)],
      [aspectName(column.name, 'words'), there(`length(words_${i})`)],
      ...(known
        ? [
            [
              aspectName(column.name, 'unknown words'),
              `if(empty(distinct_${i}), nan, 1 - (${known}) / length(distinct_${i}))`,
            ] as [string, string],
          ]
        : []),
    ],
    words: [`arrayMap(w -> (${quote(aspectName(column.name, 'vocabulary'))}, w), distinct_${i})`],
    vectors: [],
    params,
  }
}

function vectorAspects(column: WatchedColumn, i: number): Aspects {
  const params: Record<string, unknown> = {}
  const whole = (facts: VectorFacts, at: number) => {
    params[`centre_${i}_${at}`] = facts.centre
    return `{centre_${i}_${at}:Array(Float64)}`
  }
  const sized = (facts: VectorFacts, sql: string) => `if(length(vector_${i}) = ${facts.centre.length}, ${sql}, nan)`
  // a row is compared with the mean of the others: that is what happens to rows that come later
  const distance = byFacts<VectorFacts>(column, (facts, at) => {
    const sql = `L2Distance(vector_${i}, ${whole(facts, at)})`
    return {
      within: sized(facts, `${sql} * ${facts.rows / Math.max(1, facts.rows - 1)}`),
      beyond: sized(facts, sql),
    }
  })
  const cosine = byFacts<VectorFacts>(column, (facts, at) => {
    const centre = whole(facts, at)
    return {
      within: sized(
        facts,
        `cosineDistance(vector_${i}, arrayMap((c, x) -> ${facts.rows} * c - x, ${centre}, vector_${i}))`,
      ),
      beyond: sized(facts, `cosineDistance(vector_${i}, ${centre})`),
    }
  })
  const measured = distance && cosine
  return {
    inner: [
      `${numbersIn(`texts[${quote(column.name)}]`)} AS vector_${i}`,
      ...(measured ? [`${distance} AS distance_${i}`] : []),
    ],
    numbers: [
      [aspectName(column.name, 'norm'), `if(empty(vector_${i}), nan, L2Norm(vector_${i}))`],
      ...(measured
        ? ([
            [aspectName(column.name, 'distance'), `distance_${i}`],
            [aspectName(column.name, 'mean'), cosine],
          ] as [string, string][])
        : []),
    ],
    words: [],
    vectors: measured
      ? [`if(isFinite(distance_${i}), [(${quote(aspectName(column.name, 'mean'))}, vector_${i})], [])`]
      : [],
    params,
  }
}

/** SQL over the columns of `predictions` of a feature that is an aspect of a text or vector; undefined of any other, and where it needs facts. */
export function rawAspect(
  feature: string,
): { number?: string; category?: (name: string) => string; there: string } | undefined {
  const found = aspectOf(feature)
  if (!found) return undefined
  const text = `texts[${quote(found.column)}]`
  const there = `mapContains(texts, ${quote(found.column)})`
  const numbers: Record<string, string> = {
    length: `lengthUTF8(${text})`,
    words: `length(${wordsOf(text)})`,
    norm: `L2Norm(${numbersIn(text)})`,
  }
  const number = numbers[found.aspect]
  if (number) return { number: `if(${there}, ${number}, NULL)`, there }
  if (found.aspect === 'vocabulary') return { category: (name) => `has(${wordsOf(text)}, ${name})`, there }
  return undefined
}

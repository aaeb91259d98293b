import type { ReferenceView, WindowView } from '../../src/contracts/monitor-kind.ts'
import { binarySumsOf } from '../../src/statistics/binary-performance.ts'
import type { SampledRow } from '../../src/statistics/sampled-row.ts'
import { type Random, randomNormal } from '../../src/statistics/seeded-random.ts'
import { sketchOf } from '../../src/statistics/sketch.ts'
import { type FeatureProfile, type Group, mergeSlices, noPerformance, type Slice } from '../../src/statistics/slice.ts'

const threshold = 0.3
const groups = ['a', 'b', 'c', 'd']

/** The law of a world. Its days differ, its law does not; a change is another law from some day on. */
export interface Law {
  /** standard deviation of what moves the days: the outcomes' log odds, a feature's level, the log odds of missing values */
  weather: number
  /** correlation of the weather of neighbouring days */
  lasting: number
  /** added to the outcomes' log odds, not known to the model */
  outcome?: number
  /** added to the numeric feature's logarithm */
  level?: number
  /** factor of the numeric feature's spread, on the logarithm */
  scale?: number
  /** factor of the numeric feature */
  unit?: number
  /** correlation of the second numeric feature with the first one's logarithm; default 0.8. Its own distribution never changes */
  correlation?: number
  /** of the feature's effect on the outcome, which the model takes for 0.5: concept drift without input drift */
  effect?: number
  /** of the positives of the old world, how many times as many rows there are: label shift */
  positives?: number
  /** share of missing values of the numeric feature; default 0.03 */
  missing?: number
  /** share of rows with a category that was not there before */
  fresh?: number
  /** added to the log odds of being predicted positive, in group `a` only */
  bias?: number
}

interface Weather {
  outcome: number
  level: number
  missing: number
}

export interface World {
  reference: ReferenceView
  /** `days` of the window that ends `shift` days after the first full window behind the reference */
  window(shift: number): WindowView
  /** rows of a day: of the reference below 0 (from −1 backwards), from 0 of those that windows are made of */
  rows(day: number): readonly Omit<SampledRow, 'hour'>[]
}

const numeric = (values: number[]): FeatureProfile => ({
  count: values.length,
  sum: values.reduce((s, x) => s + x, 0),
  sumSquares: values.reduce((s, x) => s + x * x, 0),
  minimum: values.reduce((a, b) => Math.min(a, b), Infinity),
  maximum: values.reduce((a, b) => Math.max(a, b), -Infinity),
  sketch: sketchOf(values),
  categories: new Map(),
})

interface Day {
  slice: Slice
  /** as rows come: any number of them from the front is a sample */
  rows: Omit<SampledRow, 'hour'>[]
}

/** Rows of a day that are kept as rows. */
const KEPT = 300

const noCounts = () => ({ n: 0, selected: 0, positives: 0, truePositives: 0, falsePositives: 0 })

function makeDay(random: Random, rows: number, weather: Weather, law: Law): Day {
  const x: number[] = []
  const y: number[] = []
  const scores: number[] = []
  const actuals: boolean[] = []
  const sampled: Day['rows'] = []
  const byGroup = new Map(groups.map((g) => [g, noCounts()]))
  const odds = Math.log((law.missing ?? 0.03) / (1 - (law.missing ?? 0.03))) + weather.missing
  const missing = 1 / (1 + Math.exp(-odds))
  const correlation = law.correlation ?? 0.8
  while (scores.length < rows) {
    const plain = randomNormal(random)
    const own = plain * (law.scale ?? 1) + (law.level ?? 0) + 0.3 * weather.level
    const other = correlation * plain + Math.sqrt(1 - correlation ** 2) * randomNormal(random)
    const g = Math.floor(random() ** 1.5 * groups.length)
    const name = law.fresh && random() < law.fresh ? 'e' : groups[g]!
    const logit = -1.5 + 0.5 * own + 0.2 * g + (g === 0 ? (law.bias ?? 0) : 0)
    const score = 1 / (1 + Math.exp(-logit))
    const truth = logit + ((law.effect ?? 0.5) - 0.5) * own + weather.outcome + (law.outcome ?? 0)
    const actual = random() < 1 / (1 + Math.exp(-truth))
    // rows of the other label are thinned: what a label looks like stays, how many there are of it does not
    const factor = law.positives ?? 1
    if (random() >= (actual ? Math.min(1, factor) : Math.min(1, 1 / factor))) continue
    const there = random() >= missing
    const value = Math.exp(own) * (law.unit ?? 1)
    if (there) x.push(value)
    y.push(other)
    scores.push(score)
    actuals.push(actual)
    if (sampled.length < KEPT)
      sampled.push({
        chance: random(),
        numbers: there ? { x: value, y: other } : { y: other },
        texts: { group: name },
        score,
        label: '',
        truth: Number(actual),
        outcome: String(Number(actual)),
      })
    const group = byGroup.get(name) ?? noCounts()
    byGroup.set(name, group)
    group.n++
    if (score >= threshold) group.selected++
    if (actual) group.positives++
    if (actual && score >= threshold) group.truePositives++
    if (!actual && score >= threshold) group.falsePositives++
  }
  const slice: Slice = {
    rows,
    live: rows,
    features: new Map([
      ['x', numeric(x)],
      ['y', numeric(y)],
      ['group', { ...numeric([]), count: rows, categories: new Map([...byGroup].map(([name, { n }]) => [name, n])) }],
      ['$score', numeric(scores)],
    ]),
    performance: { ...noPerformance, joined: rows, binary: binarySumsOf(scores, actuals, threshold) },
    groups: new Map(
      [...byGroup].map(([name, counts]): [string, Group] => [
        `group=${name}`,
        { ...counts, negatives: counts.n - counts.positives, performance: noPerformance },
      ]),
    ),
  }
  return { slice, rows: sampled }
}

/** A uniform sample of days of equally many rows. */
function sampleOf(days: readonly Day[], first: number): SampledRow[] {
  const each = Math.max(1, Math.floor(2000 / Math.max(1, days.length)))
  return days
    .flatMap(({ rows }, i) => rows.slice(0, each).map((row) => ({ ...row, hour: (first + i) * day })))
    .sort((a, b) => a.chance - b.chance)
}

export interface Shape {
  referenceDays: number
  /** rows of a day of the reference, and of a day after it */
  referenceRows: number
  rows: number
  windowDays: number
}

const day = 86_400_000

/**
 * A reference, a week that nobody looks at, and days after it that follow `after` (by the day since the change, from 0), made
 * when a window asks for them.
 */
export function makeWorld(random: Random, shape: Shape, law: Law, after: Law | ((day: number) => Law) = law): World {
  const moved = law.weather * Math.sqrt(1 - law.lasting ** 2)
  const draw = (scale: number): Weather => ({
    outcome: scale * randomNormal(random),
    level: scale * randomNormal(random),
    missing: scale * randomNormal(random),
  })
  let weather = draw(law.weather)
  const next = () => {
    const news = draw(moved)
    weather = {
      outcome: law.lasting * weather.outcome + news.outcome,
      level: law.lasting * weather.level + news.level,
      missing: law.lasting * weather.missing + news.missing,
    }
    return weather
  }
  const past = Array.from({ length: shape.referenceDays }, () => makeDay(random, shape.referenceRows, next(), law))
  for (let i = 0; i < 7; i++) next()
  const before = shape.windowDays - 1
  const days = Array.from({ length: before }, () => makeDay(random, shape.rows, next(), law))
  const slices = past.map(({ slice }) => slice)
  const first = shape.referenceDays + 7
  return {
    reference: { scope: 'model/m/1', days: slices, whole: mergeSlices(slices), sample: sampleOf(past, 0) },
    rows: (at) => (at < 0 ? past.at(at)! : days[at]!).rows,
    window(shift) {
      while (days.length < shift + shape.windowDays)
        days.push(
          makeDay(random, shape.rows, next(), typeof after === 'function' ? after(days.length - before) : after),
        )
      const inside = days.slice(shift, shift + shape.windowDays)
      return {
        revision: 1,
        start: (first + shift) * day,
        end: (first + shift + shape.windowDays) * day,
        days: inside.length,
        slice: mergeSlices(inside.map(({ slice }) => slice)),
        parts: inside.map(({ slice }) => ({ slice, weight: 1 })),
        sample: sampleOf(inside, first + shift),
        threshold,
        task: 'binary',
        actualsComplete: true,
      }
    },
  }
}

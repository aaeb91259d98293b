import type { ReferenceView, WindowView } from '../../src/contracts/monitor-kind.ts'
import { binarySumsOf } from '../../src/statistics/binary-performance.ts'
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
  /** factor of the numeric feature */
  unit?: number
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

const noCounts = () => ({ n: 0, selected: 0, positives: 0, truePositives: 0, falsePositives: 0 })

function makeDay(random: Random, rows: number, weather: Weather, law: Law): Slice {
  const x: number[] = []
  const scores: number[] = []
  const actuals: boolean[] = []
  const byGroup = new Map(groups.map((g) => [g, noCounts()]))
  const odds = Math.log((law.missing ?? 0.03) / (1 - (law.missing ?? 0.03))) + weather.missing
  const missing = 1 / (1 + Math.exp(-odds))
  for (let i = 0; i < rows; i++) {
    const own = randomNormal(random) + (law.level ?? 0) + 0.3 * weather.level
    const g = Math.floor(random() ** 1.5 * groups.length)
    const name = law.fresh && random() < law.fresh ? 'e' : groups[g]!
    const logit = -1.5 + 0.5 * own + 0.2 * g + (g === 0 ? (law.bias ?? 0) : 0)
    const score = 1 / (1 + Math.exp(-logit))
    const actual = random() < 1 / (1 + Math.exp(-(logit + weather.outcome + (law.outcome ?? 0))))
    if (random() >= missing) x.push(Math.exp(own) * (law.unit ?? 1))
    scores.push(score)
    actuals.push(actual)
    const group = byGroup.get(name) ?? noCounts()
    byGroup.set(name, group)
    group.n++
    if (score >= threshold) group.selected++
    if (actual) group.positives++
    if (actual && score >= threshold) group.truePositives++
    if (!actual && score >= threshold) group.falsePositives++
  }
  return {
    rows,
    live: rows,
    features: new Map([
      ['x', numeric(x)],
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
}

export interface Shape {
  referenceDays: number
  /** rows of a day of the reference, and of a day after it */
  referenceRows: number
  rows: number
  windowDays: number
}

const day = 86_400_000

/** A reference, a week that nobody looks at, and days after it that follow `after`, made when a window asks for them. */
export function makeWorld(random: Random, shape: Shape, law: Law, after: Law = law): World {
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
  const days = Array.from({ length: shape.windowDays - 1 }, () => makeDay(random, shape.rows, next(), law))
  return {
    reference: { scope: 'model/m/1', days: past, whole: mergeSlices(past) },
    window(shift) {
      while (days.length < shift + shape.windowDays) days.push(makeDay(random, shape.rows, next(), after))
      const inside = days.slice(shift, shift + shape.windowDays)
      return {
        revision: 1,
        start: shift * day,
        end: (shift + shape.windowDays) * day,
        days: inside.length,
        slice: mergeSlices(inside),
        parts: inside.map((slice) => ({ slice, weight: 1 })),
        task: 'binary',
        actualsComplete: true,
      }
    },
  }
}

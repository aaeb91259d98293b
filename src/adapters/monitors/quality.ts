// Over 300 lines: every check of a feature shares its limits, fixed or from the reference's runs.
import { byFixedLimit } from '../../contracts/fixed-limit.ts'
import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { type BadShare, badShares } from '../../statistics/bad-shares.ts'
import { correlationChange } from '../../statistics/correlation-change.ts'
import { duplicateRows } from '../../statistics/duplicate-rows.ts'
import { labelVocabularies } from '../../statistics/label-vocabularies.ts'
import {
  forecastLimits,
  forecastMean,
  forecastP,
  type MeanPosterior,
  meanPosterior,
} from '../../statistics/mean-forecast.ts'
import { createMemory } from '../../statistics/memory.ts'
import { wilsonInterval } from '../../statistics/proportions-test.ts'
import { sampleColumns } from '../../statistics/sample-columns.ts'
import { type FeatureProfile, mergeProfiles, type Slice, typeOf } from '../../statistics/slice.ts'
import type { Measured } from '../../statistics/too-few-samples.ts'
import { unitShift } from '../../statistics/unit-shift.ts'

/** A share of rows this small is never worth an alert. */
const TOLERANCE = 0.005
const worst = createMemory<ReferenceView, number>()
const worlds = createMemory<ReferenceView, Measured<MeanPosterior>>()

function profileOf(days: readonly Slice[], feature: string): FeatureProfile | undefined {
  const [first, ...others] = days.flatMap((day) => day.features.get(feature) ?? [])
  return first && mergeProfiles(first, ...others)
}

const without = <K>(all: ReadonlyMap<K, number>, some: ReadonlyMap<K, number>) =>
  new Map([...all].filter(([key, n]) => n > (some.get(key) ?? 0)))

/** What of `whole` is not in the days that `part` is the profile of: its keys and categories. */
const rest = (whole: FeatureProfile, part: FeatureProfile | undefined): FeatureProfile =>
  part
    ? { ...whole, sketch: without(whole.sketch, part.sketch), categories: without(whole.categories, part.categories) }
    : whole

/** The share of some days of the reference, seen from the rest of it. */
function ofReference(share: BadShare, feature: string, reference: ReferenceView, days: readonly Slice[]) {
  const rows = days.reduce((n, day) => n + day.rows, 0)
  const part = profileOf(days, feature)
  const whole = reference.whole.features.get(feature)!
  return { rows, bad: share.bad(rows, part, rest(whole, part), typeOf(whole)) }
}

/** The largest share among runs of days of the reference. */
function worstOfReference(share: BadShare, feature: string, reference: ReferenceView, run: number): number {
  let most = 0
  for (let i = 0; i + run <= reference.days.length; i += run) {
    const { rows, bad } = ofReference(share, feature, reference, reference.days.slice(i, i + run))
    if (rows > 0) most = Math.max(most, bad / rows)
  }
  return most
}

/** The scale on which a share has the variance 1 / 4 rows, whatever it is (Anscombe 1948), and back. */
const toScale = (bad: number, rows: number) => Math.asin(Math.sqrt((bad + 0.375) / (rows + 0.75)))
const fromScale = (scaled: number) => Math.sin(Math.min(Math.PI / 2, Math.max(0, scaled))) ** 2

/** What the share may be in a window like this one while nothing changes. */
function forecastShare(share: BadShare, feature: string, window: WindowView, reference: ReferenceView) {
  const posterior = worlds(reference, JSON.stringify([share.name, feature]), () => {
    const days = reference.days
      .filter((day) => day.rows > 0)
      .map((day) => ofReference(share, feature, reference, [day]))
    return meanPosterior(
      days.map(({ bad, rows }) => toScale(bad, rows)),
      days.map(({ rows }) => 1 / (4 * rows)),
    )
  })
  if (!posterior.ok) return posterior
  const rows = window.parts.map(({ slice }) => slice.rows)
  return { ok: true as const, ...forecastMean(posterior, rows, 1 / (4 * window.slice.rows)) }
}

function score(
  share: BadShare,
  feature: string,
  window: WindowView,
  reference: ReferenceView,
  settings: MonitorSettings,
): MonitorScore {
  const monitor = `quality.${share.name}`
  const { slice } = window
  const definition = { metric: share.name, formula: share.formula, reference: reference.scope }
  const whole = reference.whole.features.get(feature)!
  const result = { monitor, feature, segment: '', samples: slice.rows, thresholdLow: null, p: null }
  if (slice.rows < settings.minRows)
    return { ...result, value: null, low: null, high: null, thresholdHigh: null, state: 'too_few_samples', definition }
  const successes = share.bad(slice.rows, slice.features.get(feature), whole, typeOf(whole))
  const value = successes / slice.rows
  const interval = wilsonInterval({ successes, n: slice.rows }, 1 - 2 * settings.alpha)
  const measured = { ...result, value, low: interval.low, high: interval.high }
  const fixed = byFixedLimit({ ...measured, thresholdHigh: null, definition }, settings)
  if (fixed) return fixed
  const run = Math.max(1, Math.min(window.days, Math.floor(reference.days.length / 3)))
  const most = worst(reference, JSON.stringify([share.name, feature, run]), () =>
    worstOfReference(share, feature, reference, run),
  )
  const bound = most + TOLERANCE
  const method = `worst run of ${run} days of the reference + ${TOLERANCE}; violated when the lower end of the interval is above`
  const shown = { ...definition, interval: `Wilson, ${1 - 2 * settings.alpha}` }
  const forecast = most > TOLERANCE ? forecastShare(share, feature, window, reference) : undefined
  if (!forecast?.ok)
    return {
      ...measured,
      thresholdHigh: bound,
      state: interval.low > bound ? 'violation' : 'ok',
      definition: { ...shown, threshold: { method, alpha: settings.alpha } },
    }
  // where the share is no rarity its days vary, and the worst of few runs is soon exceeded
  const limit = fromScale(forecastLimits(forecast, settings.alpha, 'above').high)
  return {
    ...measured,
    thresholdHigh: Math.max(bound, limit),
    p: forecastP(forecast, toScale(successes, slice.rows), 'above'),
    state: interval.low > bound && value > limit ? 'watch' : 'ok',
    definition: {
      ...shown,
      threshold: {
        method: `${method}, and the share above the forecast from the reference’s days, whose level, spread and correlation are integrated out`,
        alpha: settings.alpha,
        correlation: forecast.correlation,
        chunks: forecast.chunks,
      },
    },
  }
}

const blank = (monitor: string, feature: string, samples: number) => ({
  monitor,
  feature,
  segment: '',
  low: null,
  high: null,
  samples,
  thresholdLow: null,
  thresholdHigh: null,
  p: null,
})

/** A fixed limit of the settings goes before what the reference says. */
const judged = (score: MonitorScore & { value: number }, settings: MonitorSettings): MonitorScore =>
  byFixedLimit(score, settings) ?? score

/** A feature that would have been in so many rows and is in none is gone. */
const SURELY_THERE = 20

function schema(window: WindowView, reference: ReferenceView, settings: MonitorSettings): MonitorScore {
  const { slice } = window
  const watched = (name: string) => !name.startsWith('$') && (settings.features?.includes(name) ?? true)
  const gone = [...reference.whole.features].filter(
    ([name, { count }]) =>
      watched(name) &&
      (slice.features.get(name)?.count ?? 0) === 0 &&
      (count / Math.max(1, reference.whole.rows)) * slice.rows >= SURELY_THERE,
  )
  const added = [...slice.features].filter(
    ([name, { count }]) => watched(name) && !reference.whole.features.has(name) && count >= 0.01 * slice.rows,
  )
  return {
    ...blank('quality.schema', '', slice.rows),
    value: gone.length + added.length,
    thresholdHigh: 0,
    // a feature that the model does not know harms nothing by itself
    state: gone.length > 0 ? 'violation' : added.length > 0 ? 'watch' : 'ok',
    definition: {
      metric: 'schema',
      formula: 'features of the reference that no row has, and features that the reference has not',
      reference: reference.scope,
      gone: gone.map(([name]) => name),
      added: added.map(([name]) => name),
      threshold: { method: 'a feature that is gone violates' },
    },
  }
}

/** Beyond the largest factor among the reference's own runs by this much, on the common logarithm: about 3 times. */
const UNIT = 0.5
const widest = createMemory<ReferenceView, number>()

function unit(
  feature: string,
  window: WindowView,
  reference: ReferenceView,
  settings: MonitorSettings,
): MonitorScore[] {
  const whole = reference.whole.features.get(feature)!
  const current = window.slice.features.get(feature)
  const found = current && unitShift(whole.sketch, current.sketch, settings.minRows)
  if (!found?.ok) return []
  const run = Math.max(1, Math.min(window.days, Math.floor(reference.days.length / 3)))
  const own = widest(reference, JSON.stringify([feature, run]), () => {
    let most = 0
    for (let i = 0; i + run <= reference.days.length; i++) {
      const part = profileOf(reference.days.slice(i, i + run), feature)
      const shift = part && unitShift(whole.sketch, part.sketch)
      if (shift?.ok) most = Math.max(most, Math.abs(shift.value))
    }
    return most
  })
  const value = Math.abs(found.value)
  return [
    judged(
      {
        ...blank('quality.unit', feature, current?.count ?? 0),
        value,
        thresholdHigh: own + UNIT,
        state: value > own + UNIT ? 'violation' : 'ok',
        definition: {
          metric: 'unit',
          formula: '|log₁₀| of the factor by which the 10 %, 50 % and 90 % quantiles all moved',
          factor: found.factor,
          reference: reference.scope,
          threshold: { method: `largest among runs of ${run} days of the reference + ${UNIT}` },
        },
      },
      settings,
    ),
  ]
}

const sizes = createMemory<ReferenceView, { low: number; high: number }>()

/** How many categories there are; it explains, new ones and drift judge. */
function cardinality(
  feature: string,
  window: WindowView,
  reference: ReferenceView,
  settings: MonitorSettings,
): MonitorScore[] {
  const current = window.slice.features.get(feature)
  if (!current) return []
  const run = Math.max(1, Math.min(window.days, reference.days.length))
  const { low, high } = sizes(reference, JSON.stringify([feature, run]), () => {
    const found = Array.from(
      { length: reference.days.length - run + 1 },
      (_, i) => profileOf(reference.days.slice(i, i + run), feature)?.categories.size ?? 0,
    )
    return { low: Math.min(...found), high: Math.max(...found) }
  })
  const value = current.categories.size
  return [
    judged(
      {
        ...blank('quality.cardinality', feature, current.count),
        value,
        thresholdLow: low / 2,
        thresholdHigh: 2 * high,
        state: value > 2 * high || value < low / 2 ? 'watch' : 'ok',
        definition: {
          metric: 'cardinality',
          formula: 'distinct categories; at most the 1,000 largest of each hour are counted',
          reference: reference.scope,
          threshold: { method: `half the smallest to twice the largest among runs of ${run} days of the reference` },
        },
      },
      settings,
    ),
  ]
}

/** What only rows tell: repeated rows, and pairs of features that no longer go together. They explain. */
function ofRows(window: WindowView, reference: ReferenceView, settings: MonitorSettings): MonitorScore[] {
  const { sample } = window
  const past = reference.sample
  if (!sample || !past || sample.length < settings.minRows || past.length < settings.minRows) return []
  const columns = sampleColumns(reference.whole, (name) => settings.features?.includes(name) ?? true, 20)
  const n = Math.min(sample.length, past.length)
  const scores: MonitorScore[] = []
  const repeated = duplicateRows(past, sample)
  scores.push(
    judged(
      {
        ...blank('quality.duplicates', '', n),
        value: repeated.value,
        low: repeated.low,
        high: repeated.high,
        thresholdHigh: repeated.limit,
        state: repeated.value > repeated.limit ? 'watch' : 'ok',
        definition: {
          metric: 'duplicates',
          formula: 'share of a sample’s rows whose features are those of another row of it',
          reference: reference.scope,
          ofReference: repeated.reference,
          threshold: { method: 'that of as many rows of the reference + 0.02 + 4 standard errors' },
        },
      },
      settings,
    ),
  )
  const moved = correlationChange(past.map(columns.encode), sample.map(columns.encode))
  if (moved.ok)
    scores.push(
      judged(
        {
          ...blank('quality.correlation', '', sample.length),
          value: moved.value,
          state: moved.p < settings.alpha && moved.value > 0.1 ? 'watch' : 'ok',
          definition: {
            metric: 'correlation',
            formula:
              'largest change of the rank correlation (Spearman) of two features; Fisher’s z, Bonferroni over the pairs',
            pair: moved.pair.map((i) => columns.names[i]),
            before: moved.reference,
            now: moved.current,
            pairs: moved.pairs,
            chance: moved.p,
            reference: reference.scope,
          },
        },
        settings,
      ),
    )
  return scores
}

/** Words that a finding names of each side. */
const MOST_WORDS = 20

/** Predictions and actuals that name their classes in other words cannot be compared: nothing is right, and that means nothing. */
function labels({ slice }: WindowView, settings: MonitorSettings): MonitorScore[] {
  const { confusion, binary } = slice.performance
  const found = labelVocabularies(confusion)
  if (!found || found.rows < settings.minRows) return []
  const { predicted, actual, rows, foreign } = found
  // where scores are judged by numbers, words do not matter
  const judgedByWords = binary.brier.n === 0
  const different = judgedByWords && foreign === rows
  return [
    judged(
      {
        ...blank('quality.labels', '', rows),
        value: judgedByWords ? foreign / rows : 0,
        thresholdHigh: 0.999,
        state: different ? 'violation' : 'ok',
        definition: {
          metric: 'labels',
          formula:
            'share of rows whose actual class no prediction has; all of them: the classes are named in other words. 0 where scores are judged by numbers',
          predicted: predicted.slice(0, MOST_WORDS),
          actual: actual.slice(0, MOST_WORDS),
          ...(different
            ? {
                todo: `declare in the monitors’ settings what means the same, as labels: { ${JSON.stringify(actual[0])}: ${JSON.stringify(predicted[0])} }`,
              }
            : {}),
          threshold: { method: 'no class in common' },
        },
      },
      settings,
    ),
  ]
}

const title = (name: string, text: string, unit: string) => ({ name: `quality.${name}`, title: text, unit })

export default defineMonitorKind({
  family: 'quality',
  title: 'Quality',
  description:
    'Missing values, wrong types, values and categories that the reference has not, forms of texts, changed units and schemas, repeated rows',
  alpha: 0.001,
  monitors: [
    ...badShares.map((share) => title(share.name, share.title, 'share of rows')),
    title('unit', 'Changed unit', 'log₁₀ of the factor'),
    title('cardinality', 'Number of categories', 'categories'),
    title('schema', 'Changed schema', 'features'),
    title('duplicates', 'Repeated rows', 'share of rows'),
    title('correlation', 'Changed correlation', ''),
    title('labels', 'Classes in other words', 'share of rows'),
  ],
  needs: 'sample',
  evaluate(window, reference, settings) {
    if (!reference) return labels(window, settings)
    const features = [...reference.whole.features].filter(
      ([name]) => !name.startsWith('$') && (settings.features?.includes(name) ?? true),
    )
    const enough = window.slice.rows >= settings.minRows
    return [
      ...labels(window, settings),
      ...features.flatMap(([name, profile]) => [
        ...badShares
          .filter((share) => share.applies(profile))
          .map((share) => score(share, name, window, reference, settings)),
        ...(enough && typeOf(profile) === 'numeric' ? unit(name, window, reference, settings) : []),
        ...(enough && typeOf(profile) === 'categorical' ? cardinality(name, window, reference, settings) : []),
      ]),
      ...(enough ? [schema(window, reference, settings), ...ofRows(window, reference, settings)] : []),
    ]
  },
})

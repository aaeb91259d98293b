import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { driftMetrics } from '../../src/adapters/drift-metrics/index.generated.ts'
import { monitors } from '../../src/adapters/monitors/index.generated.ts'
import type { ReferenceView, WindowView } from '../../src/contracts/monitor-kind.ts'
import { evaluateWindow } from '../../src/monitoring/evaluate-window.ts'
import { monitorSettings } from '../../src/monitoring/monitor-settings.ts'
import { binarySumsOf } from '../../src/statistics/binary-performance.ts'
import { regressionSumsOf } from '../../src/statistics/regression-performance.ts'
import type { SampledRow } from '../../src/statistics/sampled-row.ts'
import { sketchOf } from '../../src/statistics/sketch.ts'
import { type FeatureProfile, mergeSlices, noSlice, type Slice } from '../../src/statistics/slice.ts'

const counts = fc.array(fc.nat(500), { minLength: 6, maxLength: 6 }).filter((c) => c.some((n) => n > 0))

/** Three vectors' length at least: how many, the sum of their squared lengths, the sum of each component. */
const vectorSums = fc
  .array(fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 3, maxLength: 3 }), { minLength: 2 })
  .map((vectors) => [
    vectors.length,
    vectors.flat().reduce((sum, x) => sum + x * x, 0),
    ...[0, 1, 2].map((i) => vectors.reduce((sum, vector) => sum + vector[i]!, 0)),
  ])

describe.each(driftMetrics.map((metric) => [metric.name, metric] as const))('drift metric %s', (_, metric) => {
  test.runIf(metric.types.includes('vector'))(
    'is zero on equal vectors, never negative or NaN, and scales back',
    () => {
      fc.assert(
        fc.property(vectorSums, vectorSums, (a, b) => {
          const same = metric.measure(a, a)
          const found = metric.measure(a, b)
          if (same.ok) expect(Math.abs(same.value)).toBeLessThan(1e-7)
          if (!found.ok) return
          expect(found.value).toBeGreaterThanOrEqual(0)
          expect(metric.fromScale(metric.toScale(found.value)) / (found.value || 1)).toBeCloseTo(found.value ? 1 : 0, 9)
        }),
      )
      expect(metric.measure([0, 0, 0], [2, 2, 2])).toMatchObject({ ok: false })
      expect(metric.measure([2, 4, 2], [2, 4, 2, 2])).toMatchObject({ ok: false })
      expect(metric.measure([4, 8, 4, 0], [4, 8, 0, 4])).toMatchObject({ ok: true })
    },
  )

  test.skipIf(metric.types.includes('vector'))(
    'is zero on equal counts, never negative or NaN, and says so when there is nothing to compare',
    () => {
      fc.assert(
        fc.property(counts, counts, (a, b) => {
          const same = metric.measure(a, a)
          const found = metric.measure(a, b)
          expect(same.ok && Math.abs(same.value)).toBeLessThan(1e-7)
          expect(found.ok && found.value).toBeGreaterThanOrEqual(0)
          if (found.ok) expect(metric.fromScale(metric.toScale(found.value))).toBeCloseTo(found.value, 9)
        }),
      )
      expect(metric.measure([0, 0], [1, 1])).toMatchObject({ ok: false })
      expect(metric.measure([1, 1], [0, 0])).toMatchObject({ ok: false })
      const many = Array.from({ length: 100_000 }, (_, i) => (i % 7) + 1)
      expect(metric.measure(many, many)).toMatchObject({ ok: true })
    },
  )

  test('has a definition, types and a limit', () => {
    expect(metric.definition.length).toBeGreaterThan(10)
    expect(metric.types.length).toBeGreaterThan(0)
    expect(metric.defaultLimit).toBeGreaterThan(0)
  })
})

const profile = (values: number[], categories: string[]): FeatureProfile => ({
  count: values.length + categories.length,
  sum: values.reduce((s, x) => s + x, 0),
  sumSquares: values.reduce((s, x) => s + x * x, 0),
  minimum: Math.min(0, ...values),
  maximum: Math.max(0, ...values),
  sketch: sketchOf(values),
  categories: new Map(categories.map((c) => [c, categories.filter((d) => d === c).length])),
})

/** Days as they come: empty, one row, constant, one category, mixed types, all actuals missing … */
const dayOf = fc
  .record({
    numbers: fc.array(fc.oneof(fc.constant(3), fc.double({ noNaN: true, noDefaultInfinity: true })), { maxLength: 40 }),
    texts: fc.array(fc.constantFrom('a', 'b', '', '\u0000'), { maxLength: 40 }),
    scores: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }),
    actuals: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
    known: fc.boolean(),
  })
  .map(({ numbers, texts, scores, actuals, known }): Slice => {
    const truths = actuals.slice(0, scores.length)
    return {
      rows: Math.max(numbers.length, texts.length, scores.length),
      live: scores.length,
      features: new Map([
        ['x', profile(numbers, [])],
        ['mixed', profile(numbers, texts)],
        ['$score', profile(scores, [])],
      ]),
      performance: {
        joined: known ? scores.length : 0,
        binary: known ? binarySumsOf(scores, truths) : binarySumsOf([], []),
        regression: known ? regressionSumsOf(scores, truths.map(Number)) : regressionSumsOf([], []),
      },
      groups: new Map(),
    }
  })

const rowOf = fc
  .record({
    x: fc.oneof(fc.constant(3), fc.double({ noNaN: true, noDefaultInfinity: true })),
    text: fc.constantFrom('a', 'b', ''),
    score: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    truth: fc.option(fc.constantFrom(0, 1, 2.5)),
    label: fc.constantFrom('', 'a', 'b'),
    day: fc.nat(40),
    chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  .map(
    ({ x, text, score, truth, label, day, chance }): SampledRow => ({
      chance,
      hour: day * 86_400_000,
      numbers: { x, ...(text === '' ? { mixed: x } : {}) },
      texts: text === '' ? {} : { mixed: text },
      score,
      label,
      truth,
      outcome: truth === null ? '' : String(truth),
    }),
  )

describe.each(monitors.map((kind) => [kind.family, kind] as const))('monitors of %s', (family, kind) => {
  test('judge whatever comes: named monitors, known states, no number out of too few rows, the same every time', () => {
    const states = ['ok', 'watch', 'violation', 'too_few_samples', 'no_reference']
    // `failed` is not among them: a kind judges whatever comes
    fc.assert(
      fc.property(
        fc.array(dayOf, { minLength: 1, maxLength: 7 }),
        fc.array(dayOf, { maxLength: 12 }),
        fc.constantFrom('binary' as const, 'multiclass' as const, 'regression' as const),
        fc.constantFrom(1, 30),
        fc.array(rowOf, { maxLength: 60 }),
        (days, past, task, minRows, sample) => {
          const window: WindowView = {
            revision: 1,
            start: 0,
            end: 7 * 86_400_000,
            days: days.length,
            slice: mergeSlices(days),
            parts: days.map((slice, i) => ({ slice, weight: i % 3 })),
            task,
            actualsComplete: true,
            sample,
            traffic: {
              rows: days.length,
              silence: 0,
              before: past.map((slice) => ({ rows: slice.rows, silence: slice.live })),
            },
          }
          const reference: ReferenceView | undefined =
            past.length > 0
              ? { scope: 'model/m/1', days: past, whole: mergeSlices(past), sample: past.length > 6 ? sample : [] }
              : undefined
          const settings = monitorSettings.parse({ min_rows: minRows })
          const judge = () =>
            evaluateWindow(window, reference, settings, { kinds: [kind], metrics: driftMetrics })[0]!.scores
          const scores = judge()
          for (const score of scores) {
            expect(kind.monitors.map((m) => m.name)).toContain(score.monitor)
            expect(score.monitor.startsWith(`${family}.`)).toBe(true)
            expect(states).toContain(score.state)
            if (score.state === 'too_few_samples') expect(score.value).toBeNull()
            if (score.value !== null) expect(Number.isNaN(score.value)).toBe(false)
            if (score.state === 'violation' && score.p !== null) expect(score.p).toBeLessThanOrEqual(kind.alpha)
            expect(() => JSON.stringify(score)).not.toThrow()
          }
          expect(judge()).toEqual(scores)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('judge a window without a row', () => {
    const window: WindowView = {
      revision: 1,
      start: 0,
      end: 1,
      days: 0,
      slice: noSlice,
      parts: [],
      task: 'binary',
      actualsComplete: false,
    }
    for (const score of evaluateWindow(window, undefined, monitorSettings.parse({}), {
      kinds: [kind],
      metrics: driftMetrics,
    })[0]!.scores)
      expect(score.state).not.toBe('violation')
  })
})

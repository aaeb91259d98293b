import { describe, expect, it } from 'vitest'
import { randomNormal, seededRandom } from '../statistics/seeded-random.ts'
import { decideGate } from './decide-gate.ts'
import { gateDifference, gateMetric } from './gate-metrics.ts'
import { type GateRule, gateRule, modelSpec } from './model-spec.ts'

const rule = (given: Record<string, unknown>): GateRule => gateRule.parse(given)

/** Calibrated scores; `blur` spoils them. */
function world(rows: number, blur: number, seed = 3) {
  const random = seededRandom(seed)
  const noise = seededRandom(seed + 1000)
  const scores: number[] = []
  const truths: number[] = []
  for (let i = 0; i < rows; i++) {
    const p = 1 / (1 + Math.exp(-1.5 * randomNormal(random)))
    truths.push(random() < p ? 1 : 0)
    scores.push(Math.min(0.999, Math.max(0.001, p + blur * randomNormal(noise))))
  }
  return { scores, truths }
}

describe('decideGate', () => {
  const good = world(4000, 0)
  const bad = world(4000, 0.3)
  const one = (given: Record<string, unknown>, challenger = good, champion: typeof good | undefined = bad) =>
    decideGate([rule(given)], challenger, champion, 'binary')[0]!

  it('lets the better model pass and keeps the worse one out, in either direction', () => {
    expect(one({ metric: 'auc', at_least: 'champion' })).toMatchObject({
      outcome: 'passed',
      reason: expect.stringContaining('surely better than'),
    })
    expect(one({ metric: 'log_loss', at_most: 'champion' })).toMatchObject({ outcome: 'passed' })
    expect(one({ metric: 'auc', at_least: 'champion' }, bad, good)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('surely worse than'),
    })
    expect(one({ metric: 'brier', at_most: 'champion' }, bad, good)).toMatchObject({ outcome: 'failed' })
    expect(one({ metric: 'auc', at_least: 'champion' }, good, good)).toMatchObject({
      outcome: 'passed',
      reason: expect.stringContaining('equal to'),
    })
  })

  it('allows a margin, and asks for the whole interval with a confidence', () => {
    const slightly = world(4000, 0.02)
    expect(one({ metric: 'auc', at_least: 'champion' }, slightly, good).outcome).toBe('failed')
    expect(one({ metric: 'auc', at_least: 'champion', margin: 0.01 }, slightly, good).outcome).toBe('passed')
    expect(one({ metric: 'auc', at_least: 'champion', confidence: 0.95 }, good, good).outcome).toBe('passed')
    expect(one({ metric: 'auc', at_least: 'champion', confidence: 0.95 }, slightly, good).outcome).toBe('failed')
    expect(one({ metric: 'auc', at_least: 'champion', confidence: 0.95 }, good, bad).outcome).toBe('passed')
    expect(one({ metric: 'auc', at_least: 0.7, confidence: 0.95 }).outcome).toBe('passed')
    expect(one({ metric: 'auc', at_least: 0.99 }).outcome).toBe('failed')
  })

  it('skips comparisons while there is no champion, and applies the absolute rules', () => {
    const rules = [rule({ metric: 'auc', at_least: 'champion' }), rule({ metric: 'auc', at_least: 0.6 })]
    expect(decideGate(rules, good, undefined, 'binary').map((result) => result.outcome)).toEqual(['skipped', 'passed'])
  })

  it('fails with the reason where it cannot decide', () => {
    const few = { scores: [0.5, 0.6], truths: [1, 0] }
    expect(one({ metric: 'auc', at_least: 0.5 }, few)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('too few'),
    })
    expect(one({ metric: 'rmse', at_most: 1 })).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('not a metric of a binary model'),
    })
    const gaps = { ...good, scores: good.scores.map((score, i) => (i === 7 ? Number.NaN : score)) }
    expect(one({ metric: 'auc', at_least: 0.5 }, gaps)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('no score'),
    })
  })
})

describe('gate metrics', () => {
  it('give differences that are those of the metrics', () => {
    const a = world(500, 0)
    const b = { ...a, scores: a.scores.map((score) => Math.sqrt(score)) }
    for (const metric of ['auc', 'log_loss', 'brier', 'accuracy', 'mae', 'rmse'] as const) {
      const [first, second] = [gateMetric(metric, a, 0.95), gateMetric(metric, b, 0.95)]
      const difference = gateDifference(metric, a, b, 0.95)
      if (!first.ok || !second.ok || !difference.ok) throw new Error('too few')
      expect(difference.value).toBeCloseTo(second.value - first.value, 10)
      expect(difference.low).toBeLessThanOrEqual(difference.value)
      expect(difference.high).toBeGreaterThanOrEqual(difference.value)
    }
  })
})

describe('modelSpec', () => {
  it('wants one bar a rule, and known metrics', () => {
    expect(modelSpec.safeParse({ gate: [{ metric: 'auc', at_least: 'champion' }] }).success).toBe(true)
    for (const wrong of [
      { metric: 'auc' },
      { metric: 'auc', at_least: 1, at_most: 2 },
      { metric: 'gini', at_least: 1 },
      { metric: 'auc', at_least: 'best' },
    ])
      expect(modelSpec.safeParse({ gate: [wrong] }).success).toBe(false)
  })
})

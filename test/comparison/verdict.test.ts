import { afterAll, expect, test } from 'vitest'
import type { Comparison } from '../../src/comparison/comparison.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { comparisonStand, draws, normals } from './compare.ts'

const stand = comparisonStand()
afterAll(stand.close)

const wrong = ({ scores }: Comparison) =>
  scores.filter((score) => score.state === 'violation').map((score) => `${score.monitor}:${score.feature}`)
const rows = 3000
const usual = (seed: number) => ({ x: normals(rows, seed), c: draws(rows, seed + 100, ['a', 'b', 'c']) })
const reference = stand.parquet(usual(1))

test('a file is like itself, and like others of its kind', async () => {
  const { verdict, scores } = await stand.compare(reference, reference)
  expect(verdict).toEqual({ quality: 'ok', drift: 'ok', performance: 'unknown', bias: 'unknown' })
  expect(scores.filter((score) => score.monitor === 'drift.distance').map((score) => score.value)).toEqual([0, 0])
  for (const seed of [2, 3]) expect(wrong(await stand.compare(reference, stand.parquet(usual(seed))))).toEqual([])
})

test('what moved is named, the worst first', async () => {
  const moved = { x: normals(rows, 5, 0.5), c: draws(rows, 6, ['a', 'b', 'd']) }
  const found = await stand.compare(reference, stand.parquet(moved))
  expect(wrong(found)).toEqual(['quality.new_category:c', 'drift.distance:c', 'drift.distance:x'])
  expect(found.features.map((feature) => feature.feature)).toEqual(['c', 'x'])
  const { definition, thresholdHigh } = found.scores.find((score) => score.monitor === 'drift.distance')!
  expect(definition).toMatchObject({ metric: 'jensen-shannon', threshold: { method: expect.stringContaining('runs') } })
  expect(thresholdHigh).toBeGreaterThan(0)
})

test('a fixed limit and the smallest distance that matters decide where they are given', async () => {
  const moved = stand.parquet({ ...usual(7), x: normals(rows, 7, 0.3) })
  expect(wrong(await stand.compare(reference, moved))).toEqual(['drift.distance:x'])
  const small = await stand.compare(reference, moved, { smallest: 0.5 })
  expect([small.verdict.drift, wrong(small)]).toEqual(['watch', []])
  const fixed = { limits: { 'drift.distance': { high: 0.9 } } }
  expect((await stand.compare(reference, moved, { monitors: fixed })).verdict.drift).toBe('ok')
})

test('columns that went, came or changed are told apart', async () => {
  const found = await stand.compare(
    reference,
    stand.parquet({ x: draws(rows, 1, ['1', '2', 'n/a']), d: normals(rows, 2) }),
  )
  const schema = found.scores.filter((score) => score.monitor === 'quality.schema')
  expect(Object.fromEntries(schema.map(({ feature, definition }) => [feature, definition.change]))).toEqual({
    x: 'type',
    c: 'gone',
    d: 'new',
  })
  expect(schema.map(({ state }) => state).sort()).toEqual(['violation', 'violation', 'watch'])
  expect(wrong(found)).toContain('quality.type:x')
  expect(found.columns.find((column) => column.name === 'c')!.current).toBeNull()
})

/** Rows of a model whose scores are right, or with a truth that no longer follows them. */
function scored(n: number, seed: number, sound: boolean) {
  const random = seededRandom(seed)
  const score = normals(n, seed).map((x) => 1 / (1 + Math.exp(-1.5 * x)))
  const group = draws(n, seed + 1, ['young', 'old'])
  return { score, group, truth: score.map((p) => (random() < (sound ? p : 0.5) ? 1 : 0)) }
}

test('performance is judged where truth is known and expected where it is not', async () => {
  const before = stand.parquet(scored(8000, 1, true))
  const request = { target: 'truth', score: 'score', groups: ['group'] }
  const sound = await stand.compare(before, stand.parquet(scored(8000, 3, true)), request)
  expect(sound.verdict).toMatchObject({ performance: 'ok', bias: 'ok' })
  const broken = await stand.compare(before, stand.parquet(scored(8000, 5, false)), request)
  expect(broken.verdict.performance).toBe('violation')
  const { truth: _, ...unlabelled } = scored(8000, 3, true)
  const expected = await stand.compare(before, stand.parquet(unlabelled), request)
  const [auc, known] = [expected, sound].map(({ performance }) => performance!.metrics.find((m) => m.name === 'auc')!)
  expect(auc!.current).toBeNull()
  const [estimate, realised] = [auc!.estimated as { value: number }, known!.current as { value: number }]
  expect(Math.abs(estimate.value - realised.value)).toBeLessThan(0.015)
  expect(
    expected.groups
      .filter((rates) => rates.side === 'current')
      .map((rates) => rates.group)
      .sort(),
  ).toEqual(['group=old', 'group=young'])
})

test('a model that begins to decide differently for a group is found', async () => {
  const before = scored(8000, 1, true)
  const after = scored(8000, 9, true)
  const skewed = { ...after, score: after.score.map((p, i) => (after.group[i] === 'old' ? p * 0.5 : p)) }
  const found = await stand.compare(stand.parquet(before), stand.parquet(skewed), { score: 'score', groups: ['group'] })
  expect(wrong(found)).toContain('bias.demographic_parity:group')
})

test('a regression is judged by its errors', async () => {
  const errors = (seed: number, spread: number) => {
    const prediction = normals(4000, seed, 100, 20)
    const noise = normals(4000, seed + 1, 0, spread)
    return stand.parquet({ prediction, truth: prediction.map((p, i) => p + noise[i]!) })
  }
  const request = { target: 'truth', prediction: 'prediction' }
  const found = await stand.compare(errors(1, 5), errors(3, 9), request)
  expect(found.performance!.task).toBe('regression')
  expect(found.verdict.performance).toBe('violation')
  expect((await stand.compare(errors(1, 5), errors(5, 5), request)).verdict.performance).not.toBe('violation')
})

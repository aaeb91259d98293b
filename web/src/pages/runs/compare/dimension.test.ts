import { expect, it } from 'vitest'
import type { RunComparison } from '../../../api/types.ts'
import { dimensionsOf, placeOn, readBrushes, ticksOf, valueAt, withinBrushes, writeBrushes } from './dimension.ts'

const comparison = {
  runs: [],
  params: [
    { key: 'lr', values: ['0.001', '0.1', null], differs: true },
    { key: 'model', values: ['tree', 'mlp', 'tree'], differs: true },
  ],
  metrics: [{ key: 'auc', values: [0.5, 1, 0.75], differs: true }],
  tags: [],
} as unknown as RunComparison
const [lr, model, auc] = dimensionsOf(comparison) as [never, never, never]

it('takes numbers for numbers, wide ranges by their logarithm, and words as categories', () => {
  expect([lr, model, auc].map(({ scale }) => scale)).toEqual(['log', 'categories', 'linear'])
  expect(placeOn(lr, 0.01)).toBeCloseTo(0.5)
  expect(valueAt(lr, 0.5)).toBeCloseTo(0.01)
  expect(placeOn(model, 'tree')).toBe(1)
  expect(placeOn(lr, null)).toBeUndefined()
  expect(ticksOf(auc).map(({ value }) => value)).toEqual([0.5, 0.625, 0.75, 0.875, 1])
})

it('keeps the runs that lie within all brushes; one without a value does not', () => {
  const brushes = { 'params.model': [0.9, 1.1], 'params.lr': [-0.1, 1] } as Record<string, [number, number]>
  expect(withinBrushes([lr, model, auc], brushes, 3)).toEqual([true, false, false])
  expect(withinBrushes([lr, model, auc], {}, 3)).toEqual([true, true, true])
})

it('gives brushes back from an address', () => {
  const brushes: Record<string, [number, number]> = { 'params.a;b:c': [0.25, 0.75], 'metrics.auc': [-0.02, 1.02] }
  expect(readBrushes(writeBrushes(brushes))).toEqual(brushes)
})

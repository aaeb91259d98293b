import { describe, expect, test } from 'vitest'
import type { LoadedModel } from '../../contracts/model-runtime.ts'
import { bestChunk, measureModel } from './measure-model.ts'

const model = (score: LoadedModel['score']): LoadedModel => ({
  inputs: [],
  outputs: [],
  description: { task: 'regression', features: [{ name: 'x', type: 'number' }] },
  score,
  infer: async () => [],
  close: async () => {},
})

describe('the size of calls', () => {
  test('is the smallest at which a row costs about as little as it can', () => {
    expect(bestChunk({ 1: 8, 8: 20, 32: 55, 128: 400, 1024: 5000 })).toBe(32)
    expect(bestChunk({ 1: 10, 8: 11, 32: 12, 128: 15, 1024: 60 })).toBe(1024)
    expect(bestChunk({ 1: 9000, 8: 11_000, 32: 23_000, 128: 80_000 })).toBe(32)
    expect(bestChunk({ 1: 100, 8: 800, 32: 3200 })).toBe(1)
  })

  test('holds this process up for a moment only', () => {
    expect(bestChunk({ 1: 200, 8: 900, 32: 1900, 128: 4000, 1024: 9000 }, true)).toBe(32)
    expect(bestChunk({ 1: 9000 }, true)).toBe(1)
  })
})

describe('what is measured of a model', () => {
  test('is the time of its calls by their rows', async () => {
    const costs = await measureModel(
      model(async (columns, rows) => {
        const until = performance.now() + 0.2 + rows * 0.01
        while (performance.now() < until);
        return Float64Array.from(columns[0] as number[])
      }),
    )
    expect(Object.keys(costs!.microseconds)).toEqual(['1', '8', '32', '128', '1024'])
    expect(costs!.microseconds[1]).toBeGreaterThanOrEqual(200)
    expect(costs!.chunk).toBeGreaterThanOrEqual(32)
  })

  test('keeps calls whole where the answer to a row depends on the others', async () => {
    const sum = model(async (columns, rows) =>
      new Float64Array(rows).fill((columns[0] as number[]).reduce((a, b) => a + b, 0)),
    )
    expect((await measureModel(sum, { columns: [[1, 2]], rows: 2 }))!.chunk).toBeNull()
  })

  test('is nothing for a model that takes no plain rows', async () => {
    const picky = model(async () => {
      throw new Error('no')
    })
    expect(await measureModel(picky)).toBeUndefined()
  })
})

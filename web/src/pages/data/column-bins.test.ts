import { expect, test } from 'vitest'
import type { ColumnProfile } from '../../api/types.ts'
import { columnBins } from './column-bins.ts'

const column = (values: [number, number][]): ColumnProfile =>
  ({
    name: 'x',
    type: 'int',
    histogram: null,
    sketch: null,
    quantiles: null,
    categories: values.map(([value, count]) => ({ value: String(value), count })),
    otherCategories: 0,
  }) as unknown as ColumnProfile

test('few different numbers are a bar each, in their order', () => {
  expect(
    columnBins(
      column([
        [3, 5],
        [1, 7],
      ]),
      String,
    ),
  ).toEqual({
    bins: [
      { label: '1', value: 7 },
      { label: '3', value: 5 },
    ],
    ends: [1, 3],
  })
})

test('many are in bins of one width that lose no row, however they fall', () => {
  const { bins, ends } = columnBins(column(Array.from({ length: 154 }, (_, i) => [i - 75, i + 1])), String)!
  expect(ends).toEqual([-75, 78])
  expect(bins.length).toBeLessThanOrEqual(30)
  expect(bins.reduce((sum, { value }) => sum + value, 0)).toBe((154 * 155) / 2)
  expect(bins[0]).toEqual({ label: '-75 to -70', value: 21 })
})

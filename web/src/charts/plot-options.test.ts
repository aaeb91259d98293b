import { expect, test } from 'vitest'
import type { ChartColours } from './chart-colours.ts'
import { plotOptions } from './plot-options.ts'

const day = 86_400_000
const start = Date.UTC(2026, 0, 6)
const colours = { reference: '#888888', muted: '#777777', line: '#eeeeee', bad: '#cc0000' } as ChartColours
const axisOf = (x: number[]) => {
  const series = [{ name: 'one', colour: '#112233', y: x.map(() => 1) }]
  const { options } = plotOptions({ label: 'one', x, time: true, series }, colours, 800, 300, () => {})
  const axis = options.axes![0]!
  const texts = axis.values as (plot: unknown, ticks: number[], at: number, space: number, step: number) => string[]
  return {
    ...axis,
    range: options.scales!.x!.range,
    read: (ticks: number[], step: number) => texts({}, ticks, 0, 0, step),
  }
}

test('windows of whole days are read by the day, however few they are', () => {
  const axis = axisOf([start, start + day, start + 2 * day])
  expect(Math.min(...(axis.incrs as number[]))).toBe(day)
  expect(axis.read([start, start + day], day)).toEqual(['Jan 6, 2026', 'Jan 7'])
})

test('a single window stands in the middle of its day before and its day after', () => {
  const { range } = axisOf([start])
  expect((range as unknown as () => number[])()).toEqual([start - day, start + day])
})

test('hours say which day begins', () => {
  const axis = axisOf([start + 1000, start + 2 * day])
  expect(axis.incrs).toBeUndefined()
  expect(axis.read([start + day / 2, start + day], day / 2)).toEqual(['12:00', 'Jan 7'])
})

import { expect, it } from 'vitest'
import { alignCurves, smoothLine, usualRange } from './align-curves.ts'

const point = (step: number, value: number | null) => ({ step, time: 1000 + step * 10, value })

it('puts curves on one axis: the line goes on where there is no point, and breaks where there is no number', () => {
  const curves = [
    { points: [point(0, 1), point(2, null), point(4, 3)], firstTime: 1000 },
    { points: [point(1, 5)], firstTime: 1010 },
  ]
  expect(alignCurves(curves, 'step')).toEqual({
    x: [0, 1, 2, 4],
    lines: [
      [1, undefined, null, 3],
      [undefined, 5, undefined, undefined],
    ],
  })
  expect(alignCurves(curves, 'time').x).toEqual([0, 0.02, 0.04])
  expect(alignCurves(curves, 'wall').x).toEqual([1000, 1010, 1020, 1040])
})

it('breaks a line at an infinity, which is stored as the largest number', () => {
  const { lines } = alignCurves([{ points: [point(0, Number.MAX_VALUE), point(1, 2)], firstTime: 1000 }], 'step')
  expect(lines[0]).toEqual([null, 2])
})

it('leaves equal values alone when it smooths, and gaps where they are', () => {
  const smooth = smoothLine([2, null, 2, undefined, 2], 0.9)
  expect(smooth.map((value) => (value == null ? value : Number(value.toFixed(9))))).toEqual([2, null, 2, undefined, 2])
  expect(smoothLine([0, 1], 0.5)).toEqual([0, 1 / 1.5])
})

it('leaves the lowest and the highest hundredth out of the usual range', () => {
  const line = [...Array.from({ length: 200 }, (_, i) => i), 9999, undefined, null]
  expect(usualRange([line])).toEqual([2, 198])
  expect(usualRange([[null]])).toBeUndefined()
})

import { expect, it } from 'vitest'
import type { TraceSpan } from '../../api/types.ts'
import { spanRows, wholeLength } from './span-rows.ts'

const span = (id: string, parent: string | null, offset: number, duration: number | null = 10) =>
  ({ id, parent, offset, duration }) as TraceSpan
const shown = (rows: ReturnType<typeof spanRows>) => rows.map(({ span, depth, below }) => [span.id, depth, below])

it('puts children below their parents, by when they began', () => {
  const spans = [span('c', 'a', 9), span('a', null, 0), span('d', 'b', 3), span('b', 'a', 2), span('lost', 'gone', 5)]
  expect(shown(spanRows(spans, new Set()))).toEqual([
    ['a', 0, 3],
    ['b', 1, 1],
    ['d', 2, 0],
    ['c', 1, 0],
    ['lost', 0, 0],
  ])
  expect(shown(spanRows(spans, new Set(['b'])))).toEqual([
    ['a', 0, 3],
    ['b', 1, 1],
    ['c', 1, 0],
    ['lost', 0, 0],
  ])
})

it('stands a chain of many spans and one that is its own parent', () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => span(String(i), i === 0 ? null : String(i - 1), i))
  expect(spanRows(chain, new Set()).at(-1)).toMatchObject({ depth: 19_999 })
  expect(spanRows([span('a', 'a', 0)], new Set())).toHaveLength(1)
})

it('measures to the last end', () => {
  expect(wholeLength([span('a', null, 0, 5), span('b', 'a', 4, 10), span('c', 'a', 20, null)])).toBe(20)
  expect(wholeLength([])).toBe(1)
})

import { expect, test } from 'vitest'
import { createCallSize } from './call-size.ts'

/** As much waits as may be joined. */
const run = (size: ReturnType<typeof createCallSize>, cost: (rows: number) => number, calls = 400) => {
  for (let i = 0; i < calls; i++) {
    const rows = size.next(10_000)
    size.took(rows, cost(rows))
  }
}

test('what was measured at a busy moment is corrected by the calls themselves', () => {
  const size = createCallSize({ 1: 43_000, 8: 166_000 }, 8)
  run(size, (rows) => 8 + rows * 0.5)
  expect(size.best()).toBe(128)
  // larger calls have become dear
  run(size, (rows) => 8 + rows * (rows > 32 ? 20 : 0.5))
  expect(size.best()).toBe(32)
})

test('a size that is best stays, and larger ones are tried now and then only', () => {
  const size = createCallSize({ 1: 8, 8: 20, 32: 55, 128: 400 }, 32)
  const seen: number[] = []
  for (let i = 0; i < 64; i++) {
    const rows = size.next(10_000)
    seen.push(rows)
    size.took(rows, (rows === 32 ? 55 : 400) / 1000)
  }
  expect(seen.filter((rows) => rows === 128)).toHaveLength(4)
  expect(seen.filter((rows) => rows === 32)).toHaveLength(60)
  expect(size.next(31)).toBe(32)
})

test('calls that must stay whole, or of which nothing is known, are not joined or stay as they are', () => {
  expect(createCallSize({ 1: 10 }, null).next(100)).toBe(1)
  expect(createCallSize({ 1: 10 }, null).best()).toBeNull()
  const unknown = createCallSize(null, 8)
  unknown.took(1, 0.001)
  expect(unknown.next(100)).toBe(8)
})

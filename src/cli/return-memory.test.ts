import { expect, test, vi } from 'vitest'
import { returnMemory } from './return-memory.ts'

const MiB = 2 ** 20

test('memory of a load is given back once nothing has been asked for a while, and only once', () => {
  vi.useFakeTimers()
  let busy = 0
  let resident = 100 * MiB
  let collected = 0
  const stop = returnMemory({
    busy: () => busy,
    resident: () => resident,
    collect() {
      collected++
      resident = 130 * MiB
    },
    every: 10,
  })
  const after = (turns: number) => {
    vi.advanceTimersByTime(10 * turns)
    return collected
  }
  expect(after(5)).toBe(0)
  busy = 0.5
  resident = 300 * MiB
  expect(after(5)).toBe(0)
  busy = 0
  expect(after(1)).toBe(0)
  expect(after(1)).toBe(1)
  expect(after(9)).toBe(1)
  resident = 170 * MiB
  expect(after(9)).toBe(1)
  resident = 250 * MiB
  stop()
  expect(after(9)).toBe(1)
  vi.useRealTimers()
})

import { expect, test } from 'vitest'
import { indispensable, killLoop } from './kill-loop.ts'

test('a loop whose processes are killed loses and doubles nothing', { timeout: 600_000 }, async () => {
  const outcome = await killLoop({ kills: 5, until: '2001-02-08', seed: 7, longest: 3000 })
  expect(outcome.done, outcome.lastWords).toBeDefined()
  expect(Object.values(outcome.killed).reduce((a, b) => a + b)).toBe(5)
  const held = Object.fromEntries(
    outcome
      .done!.checks.filter(({ name }) => indispensable.includes(name))
      .map(({ name, ok, found }) => [name, ok || found]),
  )
  expect(held).toEqual(Object.fromEntries(indispensable.map((name) => [name, true])))
  expect(outcome.done!.predictions).toBe(1444)
})

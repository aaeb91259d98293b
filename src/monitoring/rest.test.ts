import { expect, test } from 'vitest'
import { createRest } from './rest.ts'

const long = { project: 'p', endpoint: 'long' }

test('while rows stream in, an endpoint rests as long as a long computation took, and no other endpoint does', () => {
  let now = 0
  const rest = createRest(() => now)
  for (const endpoint of ['short', 'long']) rest.after({ project: 'p', endpoint }, 100, true)
  rest.after({ project: 'p', endpoint: 'short' }, 400, true)
  rest.after(long, 800, true)
  expect(rest.left(long)).toBe(800)
  expect(rest.left({ project: 'p', endpoint: 'short' })).toBe(0)
  expect(rest.left({ project: 'p', endpoint: 'other' })).toBe(0)
  now = 800
  expect(rest.left(long)).toBe(0)
  rest.after(long, 60_000, true)
  expect(rest.left(long)).toBe(3000)
})

test('what came at once and is computed brings no rest', () => {
  const rest = createRest(() => 0)
  rest.after(long, 60_000, true)
  expect(rest.left(long)).toBe(0)
  rest.after(long, 60_000, false)
  rest.after(long, 60_000, true)
  expect(rest.left(long)).toBe(0)
})

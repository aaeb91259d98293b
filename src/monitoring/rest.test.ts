import { expect, test } from 'vitest'
import { createRest } from './rest.ts'

test('an endpoint rests as long as a long computation took, once, and no other endpoint does', async () => {
  let now = 0
  const rest = createRest(() => now)
  const never = new AbortController().signal
  rest.after('p', 'short', 400)
  rest.after('p', 'long', 60_000)
  await rest.before('p', 'short', never)
  await rest.before('p', 'other', never)
  const stopped = new AbortController()
  const resting = rest.before('p', 'long', stopped.signal)
  stopped.abort()
  await expect(resting).rejects.toThrow('aborted')
  rest.after('p', 'long', 60_000)
  now = 3000
  await rest.before('p', 'long', never)
})

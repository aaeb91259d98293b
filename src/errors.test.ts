import { expect, test } from 'vitest'
import { configSchema } from './config.ts'
import { catalogue, KedgeError } from './errors.ts'

test('details fill what happened and what to do', () => {
  const error = new KedgeError('address_guarded', { host: 'db.internal' })
  expect(error.message).toContain('db.internal')
  expect(error.todo).toContain('--allow-source-host db.internal')
})

test.each(Object.entries(catalogue))('%s names only options that there are', (_, { message, todo }) => {
  const ofServer = Object.keys(configSchema.shape).map((key) => key.replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`))
  // of commands that are not a server's
  const options = [...ofServer, 'url', 'yes']
  for (const [, option] of `${message} ${todo}`.matchAll(/--([a-z][a-z-]+)/g)) expect(options).toContain(option)
})

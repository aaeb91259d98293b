import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

const withSecret = (secret: string) => () => readConfig({}, { KEDGE_INTERNAL_SECRET: secret })

test.each([
  'a secret with spaces',
  'sixteen-letters\n',
  'sixteen\tletters-',
  'ein-längeres-geheimnis',
  '🔑🔑🔑🔑🔑🔑🔑🔑🔑',
])('the internal secret %j, which no header takes, is refused by its name and not told', (secret) => {
  expect(withSecret(secret)).toThrow(
    expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining('--internalSecret: goes in a') }),
  )
  expect(withSecret(secret)).not.toThrow(secret)
})

test('an internal secret of any printable ASCII is taken', () => {
  const secret = String.fromCharCode(...Array.from({ length: 94 }, (_, i) => 33 + i))
  expect(withSecret(secret)().internalSecret).toBe(secret)
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cli } from '../cli/run-cli.ts'
import { packed, text } from './encode.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-copybook-'))
  writeFileSync(
    join(folder, 'account.cpy'),
    `       01  ACCOUNT.
           05  OWNER      PIC X(6).
           05  KIND       PIC X.
               88  SAVINGS VALUE 'S'.
           COPY MONEY.
           05  LINES-OF OCCURS 2 PIC X.
`,
  )
  writeFileSync(join(folder, 'money.cpy'), '           05  BALANCE    PIC S9(5)V99 COMP-3.\n')
  const record = (owner: string, balance: bigint) =>
    Buffer.concat([text(owner, 6), text('S', 1), packed(balance, 7), text('ab', 2)])
  writeFileSync(join(folder, 'account.dat'), Buffer.concat([record('MILLER', -1234567n), record('LEE', 5n)]))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('shows the layout and the first records', async () => {
  const { code, out, err } = await cli(['copybook', 'show', 'account.cpy', '--data', 'account.dat', '--rows', '1'], {
    cwd: folder,
  })
  expect(err).toBe('')
  expect(code).toBe(0)
  const lines = out.split('\n').map((line) => line.trim().replace(/\s+/g, ' '))
  expect(lines).toEqual(
    expect.arrayContaining([
      'offset length name type',
      '0 13 01 ACCOUNT group',
      '6 1 05 KIND X; 88 SAVINGS: S',
      '7 4 05 BALANCE S9(5)V99 COMP-3',
      '11 1 05 LINES-OF X; occurs 2',
      'row 1',
      'owner MILLER',
      'kind_label SAVINGS',
      'balance -12345.67',
    ]),
  )
  expect(out).not.toContain('LEE')
})

test('answers in JSON', async () => {
  const { json } = await cli(['--json', 'copybook', 'show', 'account.cpy', '--data', 'account.dat'], { cwd: folder })
  expect(json<{ rows: unknown[] }>().rows).toMatchObject([{ owner: 'MILLER' }, { owner: 'LEE', balance: 0.05 }])
})

test('says which file is wrong, and what to do', async () => {
  writeFileSync(join(folder, 'odd.dat'), Buffer.alloc(14))
  const odd = await cli(['copybook', 'show', 'account.cpy', '--data', 'odd.dat'], { cwd: folder })
  expect(odd.code).not.toBe(0)
  expect(odd.err).toContain('odd.dat cannot be read: its 14 bytes are no multiple of the record ACCOUNT of 13 bytes')
  expect(odd.err).toContain('rdw')
  const none = await cli(['copybook', 'show', 'none.cpy'], { cwd: folder })
  expect(none.err).toContain('none.cpy')
})

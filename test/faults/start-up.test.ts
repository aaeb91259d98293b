import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import BetterSqlite from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
let folder: string
let taken: Server
let port: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-faults-'))
  taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  port = (taken.address() as { port: number }).port
})
afterAll(() => {
  taken.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a server that must end by itself; its exit code and error. */
const serve = (...options: string[]) =>
  new Promise<{ code: unknown; error: { code: string; message: string; todo: string } }>((resolve) => {
    execFile(
      process.execPath,
      [main, 'serve', '--json', '--log-level', 'silent', ...options],
      { timeout: 20_000, killSignal: 'SIGKILL' },
      (failure, _, stderr) => {
        const line = stderr.split('\n').find((one) => one.startsWith('{"error"'))
        resolve({ code: failure?.code, error: line ? JSON.parse(line).error : stderr })
      },
    )
  })

test.each([
  ['--port', '--port'],
  ['--inference-port', '--inference-port'],
  ['--grpc-port', '--grpc-port'],
])(
  'ends when the port of %s is in use, and says which option chooses another',
  async (option, named) => {
    const { code, error } = await serve('--data', join(folder, option), '--port', '0', option, String(port))
    expect(error).toMatchObject({ code: 'port_in_use', todo: expect.stringContaining(named) })
    expect(error.message).toContain(String(port))
    expect(code).toBe(1)
  },
  30_000,
)

test('keeps a second server out of a data directory, with the process that has it', async () => {
  const directory = join(folder, 'shared')
  const store = await openSqlite(directory, Date.now)
  const { code, error } = await serve('--data', directory, '--port', '0')
  await store.close()
  expect(error).toMatchObject({ code: 'data_directory_in_use', message: expect.stringContaining(String(process.pid)) })
  expect(code).toBe(1)
}, 30_000)

test('refuses the data of a newer version and leaves it as it is', async () => {
  const directory = join(folder, 'newer')
  await (await openSqlite(directory, Date.now)).close()
  const database = new BetterSqlite(join(directory, 'kedge.sqlite'))
  database.exec(`INSERT INTO kysely_migration VALUES ('9999-future', '2100-01-01')`)
  database.close()
  await expect(openSqlite(directory, Date.now)).rejects.toMatchObject({ code: 'data_directory_newer' })
  await expect(openSqlite(directory, Date.now)).rejects.toMatchObject({ code: 'data_directory_newer' })
})

test('refuses data whose tables were made in another order', async () => {
  const directory = join(folder, 'order')
  await (await openSqlite(directory, Date.now)).close()
  const database = new BetterSqlite(join(directory, 'kedge.sqlite'))
  database.exec(`DELETE FROM kysely_migration WHERE name LIKE '0002%'`)
  database.close()
  await expect(openSqlite(directory, Date.now)).rejects.toMatchObject({
    code: 'data_directory_unusable',
    message: expect.stringContaining(directory),
  })
})

test.each(['file', 'folder'])('says what is wrong with a %s that holds something else', async (kind) => {
  const directory = join(folder, `other-${kind}`)
  if (kind === 'folder') mkdirSync(directory)
  const file = kind === 'folder' ? join(directory, 'kedge.sqlite') : directory
  writeFileSync(file, 'x'.repeat(5000))
  await expect(openSqlite(directory, Date.now)).rejects.toMatchObject({
    code: 'data_directory_unusable',
    message: expect.stringContaining(directory),
  })
  expect(readFileSync(file, 'utf8')).toBe('x'.repeat(5000))
})

test
  .runIf(process.platform === 'linux')
  .each(['/proc/kedge/data', '/proc/self/kedge', '/sys/kedge', '/dev/null/kedge'])(
  'does not begin where no folder can be made: %s',
  async (directory) => {
    const { code, error } = await serve('--data', directory, '--port', '0')
    expect(error).toMatchObject({ code: 'data_directory_unusable', message: expect.stringContaining(directory) })
    expect(code).toBe(1)
  },
  30_000,
)

test('does not begin where there is a file', async () => {
  const file = join(folder, 'plain')
  writeFileSync(file, 'x')
  const { code, error } = await serve('--data', file, '--port', '0')
  expect(error).toMatchObject({ code: 'data_directory_unusable', message: expect.stringContaining(file) })
  expect(code).toBe(1)
}, 30_000)

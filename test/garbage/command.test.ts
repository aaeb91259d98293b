import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configSchema } from '../../src/config.ts'
import type { GarbageReport } from '../../src/garbage/garbage-report.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { cli } from '../cli/run-cli.ts'

let folder: string
let kedge: Kedge
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kedge-gc-command-'))
  kedge = await startKedge(configSchema.parse({ port: 0, data: folder, roles: ['control'] }), silentLog)
})
afterAll(async () => {
  await kedge.stop()
  await rm(folder, { recursive: true, force: true })
})

const gc = async (...args: string[]) => cli(['gc', ...args], { url: kedge.address, cwd: folder })

test('kedge gc shows what would go, then takes it', async () => {
  const { blobs } = kedge.environment
  const { digest } = await blobs.put(Buffer.from('nobody needs this'))
  const young = await blobs.put(Buffer.from('just came'))
  const old = new Date(Date.now() - 30 * 86_400_000)
  await utimes(await blobs.localPath(digest), old, old)

  const shown = await gc('--dry-run')
  expect(shown.code).toBe(0)
  expect(shown.out).toContain(digest.slice(0, 12))
  expect(shown.out).toMatch(/Would go: .* 1 blobs; 17 B of 26 B/)
  expect((await gc('--dry-run', '--grace', '60d', '--json')).json<GarbageReport>().blobs).toBe(0)

  const report = (await gc('--grace', '0s', '--json')).json<GarbageReport>()
  expect(report).toMatchObject({ dryRun: false, blobs: 1, bytes: 17, young: { count: 1, bytes: 9 } })
  expect(await blobs.stat(digest)).toBeUndefined()
  expect(await blobs.stat(young.digest)).toBeDefined()
  const [event] = await kedge.environment.journal.read({ types: ['garbage.collected'] })
  expect(event).toMatchObject({ data: { blobs: 1, bytes: 17, graceMs: 0 } })
})

test('refuses a grace that is none', async () => {
  expect(await gc('--grace', 'soon')).toMatchObject({ code: 2, err: expect.stringContaining('7d') })
  const answer = await fetch(`${kedge.address}/api/v1/garbage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ graceMs: -1 }),
  })
  expect(answer.status).toBe(400)
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { startKedge } from '../../src/main.ts'

test('stops while pages follow the journal: their streams end', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kedge-stop-'))
  const kedge = await startKedge(
    readConfig({ port: 0, data: directory, logLevel: 'silent', roles: ['control'] }),
    silentLog,
  )
  const streams = await Promise.all(
    Array.from({ length: 3 }, async () => (await fetch(`${kedge.address}/api/v1/journal/stream`)).body!.getReader()),
  )
  for (const stream of streams) expect((await stream.read()).done).toBe(false)
  const ends = streams.map(async (stream) => {
    while (!(await stream.read()).done);
  })
  await kedge.stop()
  await Promise.all(ends)
  await rm(directory, { recursive: true, force: true })
}, 20_000)

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { context, day, openStand } from './stand.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kedge-gc-safe-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

it('keeps an orphan that is uploaded again in the moment before it would go', async () => {
  let intrude: ((digest: string) => Promise<unknown>) | undefined
  const stand = await openStand(join(directory, 'upload'), {
    blobs: (folder) => ({
      ...folder,
      async delete(digest, options) {
        await intrude?.(digest)
        return folder.delete(digest, options)
      },
    }),
  })
  const texts = ['one', 'two']
  for (const text of texts) await stand.blobs.put(Buffer.from(text))
  await stand.age(20)
  intrude = () => stand.tracking.artifacts.put(context, 'p', 'upload.txt', Buffer.from('two'))
  expect((await stand.collect(false)).blobs).toBe(1)
  const { content } = await stand.tracking.artifacts.open('p', 'upload.txt')
  expect((await content.toArray()).join('')).toBe('two')
  await stand.close()
})

it('takes nothing away while a backup copies', async () => {
  const stand = await openStand(join(directory, 'backup'))
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  stand.jobs.handle({ kind: 'server.backup', run: () => ended })
  await stand.blobs.put(Buffer.from('an orphan'))
  await stand.age(20)
  await stand.journal.change(context, (change) =>
    stand.jobs.enqueue(change, { kind: 'server.backup', project: 'default', payload: {} }),
  )
  await expect.poll(() => stand.jobs.list({ kind: 'server.backup', state: 'running' })).toHaveLength(1)
  const { jobId } = await stand.garbage.start(context, { dryRun: false, graceMs: day })
  await expect.poll(async () => (await stand.jobs.get(jobId)).progress, { timeout: 5000 }).toMatch(/backup/)
  expect((await stand.digests()).size).toBe(1)
  end()
  expect((await stand.jobs.wait(jobId)).result).toMatchObject({ blobs: 1 })
  expect((await stand.digests()).size).toBe(0)
  await stand.close()
})

it('survives kill -9 at any moment: what is named stays, the rest is gone in the end', {
  timeout: 60_000,
}, async () => {
  const folder = join(directory, 'killed')
  const start = (mode: string) => {
    const child = spawn(
      process.execPath,
      [new URL('collect-until-killed.ts', import.meta.url).pathname, folder, mode],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    return { child, ended }
  }
  expect(await start('fill').ended).toBe(0)
  let kills = 0
  for (let round = 0; ; round++) {
    const { child, ended } = start('collect')
    let done = false
    child.stdout.on('data', (piece: Buffer) => {
      if (piece.includes('done')) done = true
      // a little later each time, so that each kill finds it at another step
      else if (round < 8) setTimeout(() => child.kill('SIGKILL'), round * 8)
    })
    const code = await ended
    if (code === null) kills++
    if (done && code === 0) break
    expect(round).toBeLessThan(30)
  }
  expect(kills).toBeGreaterThan(1)
  const stand = await openStand(folder)
  const runs = await stand.store.read.selectFrom('runs').select(['id', 'state', 'name']).execute()
  expect(runs.length).toBe(100)
  expect(runs.every((run) => run.state === 'active')).toBe(true)
  const files = await stand.tracking.artifacts.files('p', '')
  expect(files.length).toBe(200)
  for (const { path } of files) await (await stand.tracking.artifacts.open('p', path)).content.toArray()
  expect(await stand.digests()).toEqual(new Set(files.map((file) => file.digest)))
  expect(await stand.journal.read({ types: ['run.collected'] })).toHaveLength(200)
  await stand.journal.verify()
  await stand.close()
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { startPostgres } from '../servers/postgres.ts'
import { openStand, type Stand } from './stand.ts'

const script = new URL('./run-until-killed.ts', import.meta.url).pathname
const directory = mkdtempSync(join(tmpdir(), 'kedge-killed-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Processes of steps of this test that are alive. */
const stepsAlive = () =>
  readdirSync('/proc').filter((name) => {
    try {
      return (
        /^\d+$/.test(name) &&
        readFileSync(`/proc/${name}/environ`, 'latin1').includes(`KEDGE_STEP=${directory}`) &&
        !/\) Z/.test(readFileSync(`/proc/${name}/stat`, 'latin1'))
      )
    } catch {
      return false
    }
  })

describe('a pipeline run whose server is killed again and again', () => {
  it('comes to its end, with every step once and nothing doubled', async () => {
    const random = seededRandom(7)
    let kills = 0
    for (let finished = false; !finished; ) {
      const child = spawn(process.execPath, [script, directory], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      child.stdout.on('data', (chunk) => {
        said += chunk
      })
      const ended = once(child, 'exit')
      await Promise.race([once(child.stdout, 'data'), ended])
      // within a step's 0.35 s most of the time, and at last long enough for the rest
      const patience = kills < 12 ? random() * 450 : 60_000
      await Promise.race([ended, new Promise((done) => setTimeout(done, patience))])
      finished = said.includes('finished')
      if (finished) await ended
      else {
        kills++
        child.kill('SIGKILL')
        await ended
        const until = Date.now() + 30_000
        while (stepsAlive().length > 0 && Date.now() < until) await new Promise((done) => setTimeout(done, 10))
        expect(stepsAlive()).toEqual([])
      }
    }
    expect(kills).toBeGreaterThan(3)

    await verify(await openStand(directory), directory)
  })
})

describe('two servers that share a queue on PostgreSQL and are killed in turn', () => {
  it('lose nothing and double nothing', async () => {
    const random = seededRandom(11)
    const postgres = await startPostgres()
    const shared = mkdtempSync(join(tmpdir(), 'kedge-killed-two-'))
    const begin = () => {
      const child = spawn(process.execPath, [script, shared, postgres.url()], { stdio: ['ignore', 'pipe', 'inherit'] })
      const server = { child, said: '', ended: once(child, 'exit') }
      child.stdout.on('data', (chunk) => {
        server.said += chunk
      })
      return server
    }
    const servers = [begin(), begin()]
    try {
      for (let kills = 0; !servers.some((one) => one.said.includes('finished')); ) {
        await new Promise((done) => setTimeout(done, 300 + random() * 1200))
        if (kills >= 6) continue
        const which = kills++ % 2
        servers[which]!.child.kill('SIGKILL')
        await servers[which]!.ended
        servers[which] = begin()
      }
      await Promise.all(servers.map((one) => one.ended))
      await verify(await openStand(shared, { store: await openPostgres(postgres.url(), Date.now) }), shared)
    } finally {
      for (const { child } of servers) child.kill('SIGKILL')
      await postgres.stop()
      rmSync(shared, { recursive: true, force: true })
    }
  })
})

/** Every step once, nothing doubled, nothing left over. */
async function verify(stand: Stand, directory: string) {
  try {
    const { items, total } = await stand.pipelines.runs.list('p')
    expect(total).toBe(1)
    const [run] = items
    expect(run!.state).toBe('succeeded')
    expect(run!.steps.map((step) => [step.name, step.state])).toEqual([
      ['a', 'succeeded'],
      ['b', 'succeeded'],
      ['c', 'succeeded'],
    ])
    const last = run!.steps[2]!.outputs.find((one) => one.name === 'file')!
    expect(await text(await stand.environment.blobs.get(last.digest))).toBe('a\nb\nc\n')
    const events = await stand.environment.journal.read({ limit: 5000 })
    const count = (type: string) => events.filter((event) => event.type === type).length
    expect(count('pipeline_run.started')).toBe(1)
    expect(count('pipeline_run.finished')).toBe(1)
    expect(count('step.finished')).toBe(3)
    expect(count('model_version.created')).toBe(3)
    for (const model of ['a', 'b', 'c']) expect(await stand.registry.versions.list('p', model)).toHaveLength(1)
    // each attempt that got as far has a run of its own, and exactly one of each step's has finished
    const started = events.flatMap((event) => (event.type === 'step.started' ? [event.data] : []))
    const states = await Promise.all(
      started.map(async (event) => ({
        step: event.step,
        status: (await stand.tracking.runs.get('p', event.trackingRun!)).status,
      })),
    )
    for (const step of ['a', 'b', 'c']) {
      const own = states.filter((one) => one.step === step).map((one) => one.status)
      expect(own.filter((status) => status === 'FINISHED')).toHaveLength(1)
      expect(own.every((status) => status === 'FINISHED' || status === 'KILLED')).toBe(true)
    }
    await stand.environment.journal.verify()
    expect(readdirSync(join(directory, 'pipeline-runs', String(run!.id)))).toEqual([])
  } finally {
    await stand.close()
  }
}

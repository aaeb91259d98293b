import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nameBlobs } from '../../src/garbage/name-blobs.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { context, day, openStand, type Stand } from './stand.ts'

const project = 'p'

/** What the collection of garbage promises, on a kind of SQL store. */
export function collectSuite(kind: string, openStore?: (clock: () => number) => Promise<SqlStore>): void {
  describe(`collection of garbage, ${kind}`, () => {
    let directory: string
    let stand: Stand
    let experiment: string
    const runs: Record<string, string> = {}

    async function run(name: string, files: Record<string, string>, experimentId = experiment) {
      const made = await stand.tracking.runs.create(context, { project, experimentId, name })
      runs[name] = made.id
      await stand.tracking.values.log(context, project, made.id, {
        metrics: [0, 1, 2].map((step) => ({ key: 'loss', value: step, step, time: step })),
        params: [{ key: 'a', value: '1' }],
        tags: [{ key: 't', value: 'x' }],
      })
      for (const [path, text] of Object.entries(files))
        await stand.tracking.artifacts.put(
          context,
          project,
          `${experimentId}/${made.id}/artifacts/${path}`,
          Buffer.from(text),
        )
      return made
    }

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'kedge-garbage-'))
      stand = await openStand(directory, openStore ? { store: openStore } : {})
      const { tracking, registry } = stand
      experiment = await tracking.experiments.ensure(context, project, 'one')
      await run('kept', { 'a.txt': 'shared by two', 'b.txt': 'own of the kept' })
      await run('deleted', { 'a.txt': 'shared by two', 'c.txt': 'own of the deleted' })
      await run('registered', { 'model/MLmodel': 'flavors: {}', 'model/weights': 'numbers' })
      await registry.models.create(context, project, 'm')
      await registry.versions.register(context, project, 'm', {
        source: `runs:/${runs.registered}/model`,
        runId: runs.registered,
      })
      const gone = await tracking.experiments.create(context, project, 'two')
      await run('inGone', { 'd.txt': 'of the gone experiment' }, gone)
      const logged = await tracking.loggedModels.create(context, project, { experimentId: gone, name: 'lm' })
      await tracking.artifacts.put(
        context,
        project,
        `${gone}/models/${logged.id}/artifacts/MLmodel`,
        Buffer.from('logged'),
      )
      await tracking.traces.start(context, project, {
        id: 'tr-1',
        experimentId: gone,
        time: 1,
        duration: 1,
        state: 'OK',
        tags: { a: 'b' },
        metadata: { c: 'd' },
      })
      await tracking.artifacts.put(context, project, `${gone}/traces/tr-1/artifacts/picture`, Buffer.from('of a trace'))
      await stand.blobs.put(Buffer.from('named by nobody'))
      for (const name of ['deleted', 'registered']) await tracking.runs.delete(context, project, runs[name]!)
      await tracking.evaluation.scorers.register(context, project, gone, 'judge', '{}')
      await tracking.evaluation.datasets.create(context, project, { name: 'asked', experimentIds: [gone, experiment] })
      await tracking.review.labelSchemas.list(project, gone, {})
      const queue = await tracking.review.queues.ofUser(context, project, gone, 'ann')
      await tracking.review.queues.addItems(context, project, queue.id, ['tr-1'])
      await tracking.experiments.delete(context, project, gone)
      // two versions of the same folder, one deleted
      await registry.versions.register(context, project, 'm', { source: `runs:/${runs.kept}` })
      await registry.versions.delete(context, project, 'm', 2)
    })
    afterAll(async () => {
      await stand.close()
      await rm(directory, { recursive: true, force: true })
    })

    it('has every column listed in which a stored digest is found', async () => {
      const digests = await stand.digests()
      const tables = await stand.store.read.introspection.getTables()
      const listed = new Set(nameBlobs.map(({ table, column }) => `${table}.${column}`))
      const found = new Set<string>()
      for (const table of tables)
        for (const { name } of table.columns) {
          if (table.name.startsWith('kysely') || table.name === 'journal' || table.name === 'jobs') continue
          const { rows } = await sql<{
            value: unknown
          }>`select ${sql.ref(name)} as value from ${sql.table(table.name)}`.execute(stand.store.read)
          for (const { value } of rows)
            for (const [digest] of String(value).matchAll(/[0-9a-f]{64}/g))
              if (digests.has(digest)) found.add(`${table.name}.${name}`)
        }
      expect(found.size).toBeGreaterThanOrEqual(2)
      expect([...found].filter((name) => !listed.has(name))).toEqual([])
    })

    it('takes nothing before its time', async () => {
      const report = await stand.collect(false)
      expect(report).toMatchObject({ runs: 0, experiments: 0, loggedModels: 0, blobs: 0, waiting: 6 })
      expect(report.young.count).toBe(report.stored.count)
    })

    it('says first what would go, and what stays and why', async () => {
      await stand.age(20)
      stand.later(8 * day)
      const before = await stand.digests()
      const report = await stand.collect(true)
      expect(report).toMatchObject({ dryRun: true, runs: 2, experiments: 1, loggedModels: 1, modelVersions: 1 })
      // own of the deleted, of the gone experiment, logged, of a trace, named by nobody, the deleted version's manifest
      expect(report.blobs).toBe(6)
      expect(report.kept).toEqual([
        expect.objectContaining({ kind: 'run', id: runs.registered, why: 'version m@1 is registered from it' }),
      ])
      expect(report.items.find((item) => item.id === runs.deleted)).toMatchObject({
        bytes: 'shared by two'.length + 'own of the deleted'.length,
        why: 'deleted',
      })
      expect(await stand.digests()).toEqual(before)
    })

    it('takes exactly that, and leaves no row of it', async () => {
      const number = (await stand.tracking.runs.find(project, runs.deleted!)).number
      const shown = await stand.collect(true)
      const report = await stand.collect(false)
      expect({ ...report, dryRun: true, stored: null, items: null }).toEqual({ ...shown, stored: null, items: null })
      await expect(stand.tracking.runs.get(project, runs.deleted!)).rejects.toThrow(/not found|does not exist/i)
      const tables = await stand.store.read.introspection.getTables()
      for (const table of tables)
        if (table.columns.some(({ name }) => name === 'trace')) {
          const { rows } = await sql`select * from ${sql.table(table.name)}`.execute(stand.store.read)
          expect(rows, table.name).toEqual([])
        } else if (table.columns.some(({ name }) => name === 'run') && !/^(pipeline|metered|trace)/.test(table.name)) {
          const { rows } = await sql`select * from ${sql.table(table.name)} where run = ${number}`.execute(
            stand.store.read,
          )
          expect(rows, table.name).toEqual([])
        }
      const { content } = await stand.tracking.artifacts.open(project, `${experiment}/${runs.kept}/artifacts/a.txt`)
      expect((await content.toArray()).join('')).toBe('shared by two')
      for (const path of ['model/MLmodel', 'model/weights'])
        await stand.tracking.artifacts.open(project, `${experiment}/${runs.registered}/artifacts/${path}`)
      const version = await stand.registry.versions.get(project, 'm', 1)
      expect(await stand.blobs.stat(version.digest!)).toBeDefined()
      const [event] = await stand.journal.read({ types: ['garbage.collected'], newestFirst: true, limit: 1 })
      for (const table of ['scorers', 'scorer_versions', 'label_schemas', 'review_queues', 'review_items'] as const)
        expect(await stand.store.read.selectFrom(table).selectAll().execute(), table).toEqual([])
      const [dataset] = (await stand.tracking.evaluation.datasets.search(project)).items
      expect(await stand.tracking.evaluation.datasets.experimentIds(project, dataset!.id)).toEqual([experiment])
      expect(event!.data).toMatchObject({ runs: 2, experiments: 1, loggedModels: 1, modelVersions: 1, blobs: 6 })
      expect((await stand.journal.read({ types: ['run.collected'] })).map(({ data }) => data)).toHaveLength(2)
    })

    it('finds nothing more', async () => {
      expect(await stand.collect(false)).toMatchObject({ runs: 0, experiments: 0, blobs: 0, bytes: 0 })
    })

    it('keeps what was put a second time, although nothing names it yet', async () => {
      const { digest } = await stand.blobs.put(Buffer.from('put twice'))
      await stand.age(20)
      expect(await stand.blobs.delete(digest, { putBefore: Date.now() - day })).toBe(true)
      await stand.blobs.put(Buffer.from('put twice'))
      await stand.age(20)
      await stand.blobs.put(Buffer.from('put twice'))
      expect(await stand.blobs.delete(digest, { putBefore: Date.now() - day })).toBe(false)
      expect(await stand.blobs.stat(digest)).toBeDefined()
    })
  })
}

import { CompiledQuery, type Kysely } from 'kysely'
import { openBlobDirectory } from '../../src/adapters/blobs/directory.ts'
import { createJobs } from '../../src/jobs/jobs.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import type { Database } from '../../src/storage/sql/schema.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { createTracking } from '../../src/tracking/tracking.ts'

export const project = 'bench'
const start = Date.UTC(2026, 0, 1)
const models = ['tree', 'forest', 'linear', 'mlp', 'transformer', 'boosting']

export interface Seed {
  runs: number
  /** distinct metrics and params, half of each */
  columns: number
  /** values that each run has */
  each: number
  /** of one metric of one run */
  points: number
}

/** Numbers that look random and are the same each time. */
const noise = (i: number, j: number) => {
  const x = Math.sin(i * 12.9898 + j * 78.233) * 43758.5453
  return x - Math.floor(x)
}

async function insert(db: Kysely<Database>, table: string, columns: string[], rows: unknown[][]): Promise<void> {
  const chunk = Math.floor(5000 / columns.length)
  for (let i = 0; i < rows.length; i += chunk) {
    const some = rows.slice(i, i + chunk)
    const marks = `(${columns.map(() => '?').join(',')})`
    const text = `insert into ${table} (${columns.join(',')}) values ${some.map(() => marks).join(',')}`
    await db.executeQuery(CompiledQuery.raw(text, some.flat()))
  }
}

/** Fills a new data directory with very many and very wide runs, and one run with a very long metric; gives the id of that one. */
export async function seedRuns(directory: string, seed: Seed): Promise<string> {
  const store = await openSqlite(directory, Date.now)
  const blobs = await openBlobDirectory(`${directory}/blobs`)
  const journal = createJournal(store)
  const jobs = createJobs({ store, journal, clock: Date.now, log: silentLog, node: 'bench' })
  const environment = { store, blobs, journal, jobs, clock: Date.now }
  const tracking = createTracking(environment)
  const actor = { actor: 'bench' }
  await store.write(({ db, now }) =>
    db
      .insertInto('projects')
      .values({ name: project, created_at: now })
      .execute()
      .then(() => undefined),
  )
  const id = await tracking.experiments.create(actor, project, 'sweep')
  const { number } = await store.read
    .selectFrom('experiments')
    .select('number')
    .where('id', '=', id)
    .where('project', '=', project)
    .executeTakeFirstOrThrow()

  const half = Math.floor(seed.columns / 2)
  const name = (kind: string, i: number) => `${kind}_${String(i).padStart(4, '0')}`
  for (let from = 0; from < seed.runs; from += 2000) {
    const some = Array.from({ length: Math.min(2000, seed.runs - from) }, (_, i) => from + i)
    await store.write(async ({ db }) => {
      const columns = [
        'number',
        'id',
        'project',
        'experiment',
        'name',
        'user_id',
        'status',
        'start_time',
        'end_time',
        'artifact_uri',
        'state',
      ]
      const runId = (i: number) => (i + 1).toString(16).padStart(32, '0')
      await insert(
        db,
        'runs',
        columns,
        some.map((i) => [
          i + 1,
          runId(i),
          project,
          number,
          `trial-${i}`,
          `user-${i % 7}`,
          i % 50 === 0 ? 'FAILED' : 'FINISHED',
          start + i * 60_000,
          start + i * 60_000 + 40_000 + (i % 100) * 1000,
          `mlflow-artifacts:/${id}/${runId(i)}/artifacts`,
          'active',
        ]),
      )
      const metrics: unknown[][] = []
      const params: unknown[][] = []
      const tags: unknown[][] = []
      for (const i of some) {
        const quality = noise(i, 1)
        metrics.push(
          [i + 1, 'auc', 10, start, 0.6 + 0.35 * quality],
          [i + 1, 'loss', 10, start, 1 - 0.8 * quality + 0.1 * noise(i, 2)],
        )
        params.push([i + 1, 'model', models[i % models.length]], [i + 1, 'lr', String(10 ** -(1 + 4 * noise(i, 3)))])
        tags.push([i + 1, 'mlflow.runName', `trial-${i}`], [i + 1, 'team', `team-${i % 5}`])
        for (let k = 0; k < seed.each / 2 - 2; k++) {
          const column = (i * 7 + k * 53) % half
          metrics.push([i + 1, name('metric', column), 0, start, noise(i, column)])
          params.push([i + 1, name('param', column), String(Math.round(noise(column, i) * 1000))])
        }
      }
      await insert(db, 'metric_series', ['run', 'key', 'step', 'time', 'value'], metrics)
      await insert(db, 'run_params', ['run', 'key', 'value'], params)
      await insert(db, 'run_tags', ['run', 'key', 'value'], tags)
    })
  }

  const run = await tracking.runs.create(actor, {
    project,
    experimentId: id,
    name: 'long',
    startTime: start + seed.runs * 60_000,
  })
  const batch = 1000
  for (let from = 0; from < seed.points; from += batch * 20)
    await Promise.all(
      Array.from({ length: 20 }, (_, k) => from + k * batch)
        .filter((at) => at < seed.points)
        .map((at) =>
          tracking.values.log(actor, project, run.id, {
            metrics: Array.from({ length: Math.min(batch, seed.points - at) }, (_, i) => {
              const step = at + i
              // one point stands out: thinning must not lose it
              const value = step === 345_678 ? 25 : 1 / (1 + step / 50_000) + 0.1 * noise(step, 5)
              return { key: 'loss', step, time: start + step * 100, value }
            }),
          }),
        ),
    )
  await tracking.runs.finish(actor, project, run.id, 'FINISHED')
  await blobs.close()
  await store.close()
  return run.id
}

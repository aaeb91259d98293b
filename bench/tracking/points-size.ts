/**
 * What the points of metrics take on PostgreSQL: ours (packed chunks, logged in batches of 1,000 and singly) beside rows as
 * MLflow keeps them (its table `metrics` with its primary key and index), for so many million points (default 5), and both
 * in proportion for 100 million.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createJournal } from '../../src/journal/journal.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { createExperiments } from '../../src/tracking/experiments.ts'
import { createRunValues } from '../../src/tracking/run-values.ts'
import { createRuns } from '../../src/tracking/runs.ts'
import { startPostgres } from '../../test/servers/postgres.ts'

const million = Number(process.argv[2] ?? 5)
const points = million * 1_000_000
const perSeries = 20_000
const perRun = 10
const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-size-'))
const postgres = await startPostgres({ shared_buffers: '256MB', fsync: 'off', max_wal_size: '4GB' })

/** a loss of a float, logged every so often with some jitter: nothing that packs better than what people log */
const valueAt = (step: number) => Math.exp(-step / 5000) + Math.sin(step * 12.9898) / 50
const timeAt = (step: number) => 1_700_000_000_000 + step * 350 + Math.floor(Math.abs(Math.sin(step * 78.233)) * 40)

async function log(store: SqlStore, count: number): Promise<number> {
  const environment = { store, journal: createJournal(store) }
  const runs = createRuns(environment, createExperiments(environment))
  const values = createRunValues(environment, runs)
  const context = { actor: 'bench' }
  const start = performance.now()
  for (let run = 0; run < count / (perSeries * perRun); run++) {
    const { id } = await runs.create(context, { project: 'default', experimentId: '0' })
    for (let step = 0; step < perSeries; step += 100) {
      const metrics = Array.from({ length: perRun * 100 }, (_, i) => {
        const own = step + Math.floor(i / perRun)
        return { key: `metric-${i % perRun}`, step: own, time: timeAt(own), value: valueAt(own + (i % perRun)) }
      })
      await values.log(context, 'default', id, { metrics })
    }
  }
  return count / ((performance.now() - start) / 1000)
}

const megabytes = (bytes: number) => bytes / 2 ** 20
const sizeOf = async (client: pg.Client, tables: string[]) => {
  const { rows } = await client.query(
    `select sum(pg_table_size(t::regclass))::float8 as data, sum(pg_indexes_size(t::regclass))::float8 as index,
       sum(coalesce((select pg_relation_size(i.indexrelid) from pg_class c join pg_index i on i.indrelid = c.reltoastrelid where c.oid = t::regclass), 0))::float8 as toast
     from unnest($1::text[]) t`,
    [tables],
  )
  const { data, index, toast } = rows[0] as { data: number; index: number; toast: number }
  return { data: data - toast, index: index + toast }
}

try {
  const store = await openPostgres(await postgres.createDatabase('kedge'), Date.now)
  const rate = await log(store, points)
  await store.close()
  const ours = new pg.Client({ connectionString: postgres.url('kedge') })
  await ours.connect()
  await ours.query('vacuum full metric_series')
  const packed = await sizeOf(ours, ['metric_chunks', 'metric_points', 'metric_series'])
  await ours.end()

  const theirs = new pg.Client({ connectionString: await postgres.createDatabase('mlflow') })
  await theirs.connect()
  await theirs.query(`create table metrics (key varchar(250) not null, value double precision not null, timestamp bigint not null,
    run_uuid varchar(32) not null, step bigint not null default 0, is_nan boolean not null default false,
    constraint metric_pk primary key (key, timestamp, step, run_uuid, value, is_nan))`)
  await theirs.query('create index index_metrics_run_uuid on metrics (run_uuid)')
  await theirs.query(
    `insert into metrics select 'metric-' || k, exp(-s / 5000.0) + sin(s * 12.9898) / 50, 1700000000000 + s * 350 + (abs(sin(s * 78.233)) * 40)::int, md5(r::text), s, false
     from generate_series(1, $1::int) r, generate_series(0, ${perSeries - 1}) s, generate_series(0, ${perRun - 1}) k`,
    [points / (perSeries * perRun)],
  )
  const rows = await sizeOf(theirs, ['metrics'])
  await theirs.end()

  const sqlite = await openSqlite(join(directory, 'sqlite'), Date.now)
  await log(sqlite, 1_000_000)
  const [used] = await sqlite.readQuery<{ bytes: number }>(
    'select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()',
    [],
  )
  await sqlite.close()

  const row = (name: string, of: (size: { data: number; index: number }) => number, digits = 0) =>
    `| ${name} | ${of(rows).toFixed(digits)} | ${of(packed).toFixed(digits)} | ${(of(rows) / of(packed)).toFixed(1)} × |`
  const scale = 100_000_000 / points
  process.stdout.write(
    `${[
      `| ${million} million points on PostgreSQL | rows as MLflow has them | Kedge | ratio |`,
      '|---|---:|---:|---:|',
      row('data, MiB', (size) => megabytes(size.data)),
      row('indexes, MiB', (size) => megabytes(size.index), 1),
      row('bytes a point', (size) => (size.data + size.index) / points, 1),
      row(`100 million points (× ${scale}): data, GiB`, (size) => (size.data * scale) / 2 ** 30, 2),
      row(`100 million points (× ${scale}): indexes, GiB`, (size) => (size.index * scale) / 2 ** 30, 3),
      `| logged by Kedge in batches of 1,000, points/s | | ${Math.round(rate).toLocaleString('en')} | |`,
      `| SQLite, 1 million points, bytes a point (whole file) | | ${(used!.bytes / 1_000_000).toFixed(1)} | |`,
    ].join('\n')}\n`,
  )
} finally {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
}

import { randomBytes } from 'node:crypto'
import BetterSqlite from 'better-sqlite3'
import pg from 'pg'
import type { Connection } from './http-client.ts'
import type { SearchRun } from './search-data.ts'
import type { Server } from './servers.ts'

const post = async (connection: Connection, path: string, body: unknown) => {
  const answer = await connection.send('POST', `/api/2.0/mlflow/${path}`, JSON.stringify(body))
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`)
  return JSON.parse(answer.body.toString())
}

/** A new experiment with these runs: by the API on Kedge, by SQL on MLflow, whose API would need minutes for it. */
export async function seedRuns(
  server: Server,
  connections: readonly Connection[],
  name: string,
  runs: readonly SearchRun[],
): Promise<string> {
  const { experiment_id: experiment } = (await post(connections[0]!, 'experiments/create', { name })) as {
    experiment_id: string
  }
  if (server.name === 'kedge') await seedByApi(connections, experiment, runs)
  else await seedMlflow(server.database, experiment, runs)
  return experiment
}

async function seedByApi(connections: readonly Connection[], experiment: string, runs: readonly SearchRun[]) {
  let next = 0
  await Promise.all(
    connections.map(async (connection) => {
      while (next < runs.length) {
        const run = runs[next++]!
        const made = await post(connection, 'runs/create', {
          experiment_id: experiment,
          run_name: run.name,
          start_time: run.startTime,
        })
        await post(connection, 'runs/log-batch', {
          run_id: made.run.info.run_id,
          params: run.params.map(([key, value]) => ({ key, value })),
          metrics: run.metrics.map(([key, value]) => ({ key, value, timestamp: run.startTime, step: 0 })),
        })
      }
    }),
  )
}

type Rows = [table: string, columns: string[], rows: unknown[][]]

function mlflowRows(experiment: string, runs: readonly SearchRun[], postgres: boolean): Rows[] {
  const no = postgres ? false : 0
  const ids = runs.map(() => randomBytes(16).toString('hex'))
  const metricColumns = ['run_uuid', 'key', 'value', 'timestamp', 'step', 'is_nan']
  const metrics = runs.flatMap((run, i) =>
    run.metrics.map(([key, value]) => [ids[i], key, value, run.startTime, 0, no]),
  )
  return [
    [
      'runs',
      [
        'run_uuid',
        'name',
        'source_type',
        'source_name',
        'entry_point_name',
        'user_id',
        'status',
        'start_time',
        'source_version',
        'lifecycle_stage',
        'artifact_uri',
        'experiment_id',
      ],
      runs.map((run, i) => [
        ids[i],
        run.name,
        'UNKNOWN',
        '',
        '',
        '',
        'RUNNING',
        run.startTime,
        '',
        'active',
        `mlflow-artifacts:/${experiment}/${ids[i]}/artifacts`,
        Number(experiment),
      ]),
    ],
    ['tags', ['run_uuid', 'key', 'value'], runs.map((run, i) => [ids[i], 'mlflow.runName', run.name])],
    [
      'params',
      ['run_uuid', 'key', 'value'],
      runs.flatMap((run, i) => run.params.map(([key, value]) => [ids[i], key, value])),
    ],
    ['metrics', metricColumns, metrics],
    ['latest_metrics', metricColumns, metrics],
  ]
}

async function seedMlflow(database: string, experiment: string, runs: readonly SearchRun[]) {
  const postgres = database.startsWith('postgres')
  const tables = mlflowRows(experiment, runs, postgres)
  if (!postgres) {
    const db = new BetterSqlite(database)
    db.pragma('busy_timeout = 20000')
    db.transaction(() => {
      for (const [table, columns, rows] of tables) {
        const insert = db.prepare(
          `insert into ${table} (${columns.join(',')}) values (${columns.map(() => '?').join(',')})`,
        )
        for (const row of rows) insert.run(...row)
      }
    })()
    db.close()
    return
  }
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  await client.query('begin')
  for (const [table, columns, rows] of tables)
    for (let i = 0; i < rows.length; i += 2000) {
      const some = rows.slice(i, i + 2000)
      const places = some.map((row, r) => `(${row.map((_, c) => `$${r * columns.length + c + 1}`).join(',')})`)
      await client.query(`insert into ${table} (${columns.join(',')}) values ${places.join(',')}`, some.flat())
    }
  await client.query('commit')
  await client.query('analyze')
  await client.end()
}

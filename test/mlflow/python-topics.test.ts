// PyTorch is not among the topics. Its wheel for Linux on PyPI (2.15.0, 539 MB) does not even import without CUDA's
// libraries (tried with --no-deps: "libcublasLt.so not found"), which are 16 more packages and gigabytes; the index that
// has wheels for the processor alone is none that a machine without the open internet reaches. autolog is seen with
// scikit-learn and LightGBM.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { pythonEnvironment } from '../servers/python-env.ts'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

const folder = new URL('./clients/python/', import.meta.url).pathname

/** A topic is `<topic>.py`, which asserts. What does not depend on the SQL store is seen with one of them. */
const topics = {
  SQLite: [
    'runs',
    'metrics',
    'search',
    'registry',
    'data',
    'artifacts',
    'models',
    'autolog',
    'evaluate',
    'system_metrics',
  ],
  PostgreSQL: ['runs', 'metrics', 'search', 'registry', 'data'],
}

let runner: ChildProcess
let answers: AsyncIterator<string>
let directory: string

beforeAll(async () => {
  const python = await pythonEnvironment(join(folder, 'requirements.lock'))
  directory = await mkdtemp(join(tmpdir(), 'kedge-topics-'))
  runner = spawn(python, [join(folder, 'run_topics.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      MPLBACKEND: 'Agg',
      OMP_NUM_THREADS: '1',
    },
  })
  answers = createInterface({ input: runner.stdout! })[Symbol.asyncIterator]()
}, 600_000)
afterAll(async () => {
  runner.stdin!.end()
  await rm(directory, { recursive: true, force: true })
})

describe.each(['SQLite', 'PostgreSQL'] as const)("MLflow's whole Python package on %s", (name) => {
  let server: TrackingServer
  let postgres: PostgresServer | undefined

  beforeAll(async () => {
    const sql = name === 'PostgreSQL' ? await startPostgres() : undefined
    postgres = sql
    server = await startTrackingServer(
      join(directory, name),
      sql ? { store: () => openPostgres(sql.url(), Date.now) } : {},
    )
  })
  afterAll(async () => {
    await server.stop()
    await postgres?.stop()
  })

  test.each(topics[name])(
    '%s',
    async (topic) => {
      const own = join(directory, `${name}-${topic}`)
      await mkdir(own)
      // each in a project of its own, so that none sees what another wrote
      const environment = { MLFLOW_TRACKING_URI: `${server.address}/mlflow/${topic.replace('_', '-')}` }
      const job = { file: join(folder, `${topic}.py`), directory: own, environment }
      runner.stdin!.write(`${JSON.stringify(job)}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error('the runner of topics ended')
      const { code, output } = JSON.parse(value) as { code: number; output: string }
      expect(code, output).toBe(0)
    },
    240_000,
  )
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePorts } from '../../src/cli/loop/free-ports.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { type EngineChild, startEngineChild } from '../../src/storage/events/engine-child.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { quietLog } from '../events/quiet-log.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { type S3Server, startS3 } from '../servers/s3.ts'

/*
 * The distributed form on one machine: two control processes share PostgreSQL, an events server (our engine process, as no
 * recent ClickHouse server is in a registry) and an S3 server. Each is killed in the middle of the same work.
 */
const root = join(import.meta.dirname, '../..')
const directory = mkdtempSync(join(tmpdir(), 'kedge-distributed-'))
let postgres: PostgresServer
let s3: S3Server
let engine: EngineChild
let sql: string
const children = new Set<ChildProcess>()

beforeAll(async () => {
  postgres = await startPostgres()
  s3 = await startS3()
  sql = await postgres.createDatabase('kedge')
  engine = await startEngineChild(
    {
      directory: join(directory, 'engine'),
      host: '127.0.0.1',
      port: 0,
      readers: 4,
      writers: 2,
      memoryLimit: 2e9,
      bodyLimit: 1e9,
      password: 'shared',
    },
    quietLog,
  )
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await engine.stop(5000)
  await s3.stop()
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function startControl(name: string, port: number): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      join(root, 'src/cli/main.ts'),
      'serve',
      '--roles',
      'control',
      '--port',
      String(port),
      '--data',
      join(directory, name),
    ],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        KEDGE_SQL: sql,
        KEDGE_EVENTS: `http://kedge:shared@127.0.0.1:${engine.port}/default`,
        KEDGE_BLOBS: `s3://${s3.bucket}?endpoint=${encodeURIComponent(s3.endpoint)}`,
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        KEDGE_INTERNAL_SECRET: 'a-secret-of-this-test',
        KEDGE_SECRET_KEY: 'ab'.repeat(32),
        KEDGE_LOG_LEVEL: 'error',
      },
    },
  )
  children.add(child)
  await expect
    .poll(
      () =>
        fetch(`http://127.0.0.1:${port}/health`).then(
          (answer) => answer.ok,
          () => false,
        ),
      { timeout: 30_000, interval: 50 },
    )
    .toBe(true)
  return child
}

async function call(port: number, method: string, path: string, body?: unknown) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const content = (await answer.json()) as Record<string, unknown>
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(content)}`)
  return content
}

it('loses and doubles nothing when either of two control processes is killed', async () => {
  const ports = await freePorts(2)
  const controls = [await startControl('a', ports[0]!), await startControl('b', ports[1]!)]
  const project = '/api/v1/projects/flights'
  await call(ports[0]!, 'PUT', project)
  await call(ports[0]!, 'PUT', `${project}/sources/history`, {
    kind: 'parquet',
    path: join(root, 'node_modules/vega-datasets/data/flights-3m.parquet'),
  })
  await call(ports[1]!, 'PUT', `${project}/datasets/flights`, {
    from: 'history',
    time: 'date',
    curate: [{ filter: 'distance > 2500' }],
  })

  const day = 86_400_000
  const start = Date.UTC(2001, 0, 1)
  const asked: number[] = []
  for (let i = 0; i < 24; i++) {
    const body = { from: start + i * day, to: start + (i + 1) * day }
    const live = () => ports[controls[0]!.exitCode === null && controls[0]!.signalCode === null ? 0 : 1]!
    const { jobId } = await call(live(), 'POST', `${project}/datasets/flights/materialise`, body)
    asked.push(jobId as number)
    if (i === 8 || i === 16) {
      const victim = i === 8 ? 0 : 1
      controls[victim]!.kill('SIGKILL')
      await once(controls[victim]!, 'exit')
      controls[victim] = await startControl(victim === 0 ? 'a' : 'b', ports[victim]!)
    }
  }
  for (const id of asked)
    await expect
      .poll(async () => (await call(ports[1]!, 'GET', `${project}/jobs/${id}`)).state, {
        timeout: 90_000,
        interval: 200,
      })
      .toBe('succeeded')

  const { items } = (await call(ports[0]!, 'GET', `${project}/datasets/flights/versions?limit=100`)) as {
    items: { window: { from: number }; version: number }[]
  }
  expect(items.map((item) => item.window.from).sort((a, b) => a - b)).toEqual(asked.map((_, i) => start + i * day))
  expect(new Set(items.map((item) => item.version)).size).toBe(asked.length)
  const rows = (await call(ports[1]!, 'GET', `${project}/datasets/flights/versions/latest/rows?limit=3`)) as {
    rows: unknown[]
  }
  expect(rows.rows.length).toBe(3)

  const store = await openPostgres(sql, Date.now)
  const journal = createJournal(store)
  await journal.verify()
  const published = await journal.read({ types: ['dataset_version.published'], limit: 1000 })
  expect(published.length).toBe(asked.length)
  await store.close()
})

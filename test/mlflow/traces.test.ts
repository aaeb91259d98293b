import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { startTrackingServer } from '../servers/tracking-server.ts'
import { tracesSuite } from './traces.suite.ts'

const directory = mkdtempSync(join(tmpdir(), 'kedge-traces-'))
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

tracesSuite('SQLite', () => startTrackingServer(join(directory, 'sqlite')))
tracesSuite('PostgreSQL', () =>
  startTrackingServer(join(directory, 'postgres'), { store: () => openPostgres(postgres.url(), Date.now) }),
)

test("MLflow's own Python client traces, searches, judges and deletes", async () => {
  const python = await pythonEnvironment(new URL('./requirements.lock', import.meta.url).pathname)
  const server = await startTrackingServer(join(directory, 'python'))
  try {
    const output = await runPython(python, readFileSync(new URL('./traces-client.py', import.meta.url), 'utf8'), {
      MLFLOW_TRACKING_URI: `${server.address}/mlflow/traced`,
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    })
    const { search, ...seen } = JSON.parse(output.trim().split('\n').at(-1)!)
    expect(seen).toEqual({
      state: 'OK',
      location: 'TRACKING_STORE',
      name: 'answer',
      tag: 'good',
      session: 's-1',
      previews: ['{"question": "how many"}', '"how many: 2"'],
      spans: [
        ['answer', 'CHAIN', 'OK', false],
        ['retrieve', 'RETRIEVER', 'OK', true],
        ['ask', 'LLM', 'OK', true],
      ],
      inputs: { question: 'how many' },
      outputs: 'how many: 2',
      attributes: { top_k: 3, ratio: 1, flags: [true, null], who: 'größer' },
      'ratio is a float': true,
      retrieved: [
        { id: 1, text: 'a "quoted" text' },
        { id: 2, text: 'b' },
      ],
      events: [['token', { n: 1, text: 'x' }]],
      nanoseconds: true,
      duration: true,
      failed: ['ERROR', 'ERROR', 'exception'],
      message: 'no luck',
      pages: [true, true],
      frame: [3, true],
      tagged: 'yes',
      untagged: false,
      'missing tag': ['RESOURCE_DOES_NOT_EXIST', 404],
      assessments: [
        ['correct', 'Feedback', false, 'HUMAN', true],
        ['facts', 'Expectation', { list: [1, 2] }, 'HUMAN', null],
        ['score', 'Feedback', 0.9, 'CODE', true],
      ],
      judge: ['RATE', 'slow', null],
      'by feedback': [['good'], ['good'], ['good']],
      overridden: [false, true],
      restored: true,
      updated: ['for sure', false, { a: 'b' }],
      'missing assessment': 'RESOURCE_DOES_NOT_EXIST',
      linked: ['good'],
      live: [['IN_PROGRESS', ['part']]],
      ended: ['OK', ['slow', 'part']],
      many: 10,
      logged: ['hi', 'ho'],
      deleted: 1,
      gone: 'RESOURCE_DOES_NOT_EXIST',
      'deleted oldest': 1,
      oldest: 0,
    })
    expect(Object.values(search)).toEqual([
      ['bad'],
      ['good', 'run'],
      ['bad'],
      ['good', 'run'],
      ['run'],
      ['good', 'run'],
      ['good', 'run'],
      [],
      ['good', 'run'],
      ['good', 'run'],
      ['bad', 'good', 'run'],
      ['bad'],
      ['run'],
    ])
  } finally {
    await server.stop()
  }
}, 600_000)

import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

const script = readFileSync(new URL('./client.py', import.meta.url), 'utf8')

describe("MLflow's own Python client", () => {
  let python: string
  let server: TrackingServer
  let directory: string

  beforeAll(async () => {
    python = await pythonEnvironment(new URL('./requirements.lock', import.meta.url).pathname)
    directory = await mkdtemp(join(tmpdir(), 'kedge-mlflow-'))
    server = await startTrackingServer(directory)
  }, 600_000)
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test.each([
    ['the root, project default', ''],
    ['the address of a project', '/mlflow/flights'],
  ])(
    'works unmodified at %s',
    async (_, path) => {
      const output = await runPython(python, script, {
        MLFLOW_TRACKING_URI: `${server.address}${path}`,
        MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
      })
      const seen = JSON.parse(output.trim().split('\n').at(-1)!)
      expect(seen).toEqual({
        experiment: '1',
        default: 'Default',
        params: { depth: '3', loss: 'log', rate: '0.1' },
        auc: 0.74,
        nan: true,
        big: Number.MAX_VALUE,
        status: 'FINISHED',
        tag: 'größer',
        dataset: 'rows',
        history: [0, 1, 2, 3, 4].map((step) => [step, 0.7 + step / 100]),
        artifacts: ['conf.json', 'folder', 'notes'],
        'nested artifacts': [
          ['folder/deep', null, true],
          ['folder/empty.bin', 0, false],
          ['folder/x.bin', 300_000, false],
        ],
        'same bytes': true,
        text: 'hello',
        'changed param': ['INVALID_PARAMETER_VALUE', 400],
        'missing run': ['RESOURCE_DOES_NOT_EXIST', 404],
        'same experiment': ['RESOURCE_ALREADY_EXISTS', 400],
        autolog: ['300', true, 1],
        predictions: true,
        'logged model': 'READY',
        'logged models': 2,
        version: ['1', true, 'READY'],
        alias: '1',
        'by alias': true,
        'by version': true,
        'second version': '2',
        registered: ['iris'],
        versions: ['1', '2'],
        stage: '1',
        'missing alias': 'INVALID_PARAMETER_VALUE',
        search: [1, 'first', 0.74],
        or: 2,
        order: ['first', 'auto', 'model'],
        batch: 1000,
        failed: 'FAILED',
        deleted: 'deleted',
        pages: 4,
        nested: true,
        joined: true,
      })
    },
    120_000,
  )

  test('projects do not see each other', async () => {
    const search = async (path: string) => {
      const answer = await fetch(`${server.address}${path}/api/2.0/mlflow/experiments/search?max_results=10`)
      return ((await answer.json()) as { experiments: { name: string }[] }).experiments.map(
        (experiment) => experiment.name,
      )
    }
    expect(await search('/mlflow/flights')).toContain('flights')
    expect(await search('/mlflow/other')).toEqual(['Default'])
    const [run] = (await server.tracking.runs.search('flights', ['1'])).items
    const foreign = await fetch(`${server.address}/mlflow/other/api/2.0/mlflow/runs/get?run_id=${run!.id}`)
    expect(foreign.status).toBe(404)
  })

  test('the life of runs and models is in the journal, and it verifies', async () => {
    const types = new Set((await server.journal.read({ limit: 5000 })).map((event) => event.type))
    for (const type of [
      'experiment.created',
      'run.created',
      'run.finished',
      'logged_model.created',
      'model.created',
      'model_version.created',
      'alias.moved',
    ] as const)
      expect(types).toContain(type)
    await server.journal.verify()
    const history = await server.registry.aliases.history('flights', 'iris')
    expect(history.map(({ from, to }) => [from, to])).toEqual([
      [1, null],
      [null, 1],
    ])
  })
})

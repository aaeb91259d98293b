import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { startReceiver } from '../channels/receiver.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

const script = readFileSync(new URL('./registry.py', import.meta.url), 'utf8')

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

describe.each([
  ['SQLite', undefined],
  ['PostgreSQL', () => openPostgres(postgres.url(), Date.now)],
])("The registry, prompts, datasets, scorers and webhooks with MLflow's own client on %s", (_, store) => {
  let python: string
  let server: TrackingServer
  let directory: string
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  let seen: Record<string, unknown>

  beforeAll(async () => {
    python = await pythonEnvironment(new URL('./requirements.lock', import.meta.url).pathname)
    directory = await mkdtemp(join(tmpdir(), 'kedge-mlflow-registry-'))
    server = await startTrackingServer(directory, { allowHosts: ['127.0.0.1'], ...(store ? { store } : {}) })
    // the second of all deliveries has to come again
    receiver = await startReceiver((count) => ({ status: count === 2 ? 503 : 204 }))
    const output = await runPython(python, script, {
      MLFLOW_TRACKING_URI: `${server.address}/mlflow/flights`,
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
      RECEIVER: receiver.url,
    })
    seen = JSON.parse(output.trim().split('\n').at(-1)!)
    await server.automation.caughtUp()
  }, 600_000)
  afterAll(async () => {
    await server?.stop()
    await receiver?.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('works unmodified', () => {
    const refused = ['INVALID_PARAMETER_VALUE', 400]
    const missing = ['RESOURCE_DOES_NOT_EXIST', 404]
    expect(seen).toEqual({
      webhook: ['all', 'ACTIVE', true, null],
      'webhook test': [true, 204, null, null],
      'inside refused': refused,
      'no address refused': refused,
      'bad name refused': refused,
      'unknown event refused': refused,
      updated: ['idle', 'DISABLED', 'asleep'],
      webhooks: ['idle', 'all'],
      pages: [1, true],
      'deleted webhook': missing,
      copied: '1',
      copy: ['models:/flowers/2', true, 'READY'],
      'copied bytes': 'weights',
      stages: { 1: 'Archived', 2: 'Production' },
      latest: [
        ['1', 'Archived'],
        ['2', 'Production'],
      ],
      'archive without a stage': refused,
      renamed: ['three kinds', missing],
      'alias latest': refused,
      'alias v1': refused,
      'source /etc/passwd': refused,
      'source file:///etc/passwd': refused,
      'source mlflow-artifacts:/../../etc': refused,
      'source s3://a/%2e%2e/b': refused,
      'prompt versions': [1, 2],
      prompt: ['Hello Ann!', 'first', 'a', 1],
      'chat prompt': [{ role: 'user', content: 'Hi {{name}}' }],
      'latest prompt': 2,
      'found prompts': ['greet'],
      'prompts are no models': ['blooms', 'plants'],
      'versions without prompts': ['blooms', 'plants'],
      'versions of a prompt': ['2', '1'].map(Number),
      'no such prompt': null,
      'prompt as source': refused,
      dataset: ['questions', '1', { num_records: 2 }, { n: 'float', q: 'string' }, ['1']],
      records: [{ n: 1, q: 'what?' }, { a: 'that', length: 3 }, { a: 'because' }, 'HUMAN', 2],
      'dataset tags': 'good',
      datasets: ['questions'],
      'experiments of the dataset': [true],
      'deleted records': 1,
      many: true,
      'deleted dataset': missing,
      scorer: ['polite', 'polite'],
      scorers: ['polite'],
      'scorer versions': [1, 2],
      'got scorer': 'Is {{ outputs }} polite?',
      left: [2],
      'nothing of the other project': [],
      'model config': { temperature: 0.1 },
      'prompts of the run': [{ name: 'ask', version: '1' }],
      'prompts by tag': [['ask'], []],
      'prompts of the experiment': ['ask'],
      'deleted prompt version': null,
      'deleted prompt': [],
      evaluated: 0.5,
      'evaluated dataset': ['asked'],
      labels: ['Feedback', 'good?', 'mark', 'tone'],
      label: [['warm', 'cold'], 'How?', true, 'feedback'],
      'changed label': 9,
      'label twice': ['RESOURCE_ALREADY_EXISTS', 400],
      queue: ['Odd ones', ['ann', 'bob'], true, 'custom'],
      'own queue': true,
      'queues of bob': ['Odd ones'],
      reviewed: ['complete', 'ann', true],
      'to review': ['tr-2'],
      'locked questions': refused,
      'renamed queue': ['cy'],
      'deleted queue': missing,
      'deleted label': missing,
      issue: ['pending', 'low', ['prompt'], 'rude'],
      'changed issue': 'resolved',
      issues: ['wrong', 'rude'],
      'open issues': ['wrong'],
      'deleted scorer': missing,
    })
  })

  it('tells the webhook of everything that happened in the registry, each signed, again where it was not taken', async () => {
    const deliveries = async () =>
      (await server.automation.deliveries.list('flights', { limit: 1000 })).items.filter(
        (one) => one.state === 'queued' || one.attempts > 1,
      )
    await expect.poll(deliveries, { timeout: 20_000 }).toMatchObject([{ state: 'delivered', attempts: 2 }])

    const told = receiver.received.map(({ headers, body }) => {
      const { 'x-mlflow-delivery-id': id, 'x-mlflow-timestamp': seconds, 'x-mlflow-signature': signature } = headers
      const expected = createHmac('sha256', 'shared key').update(`${id}.${seconds}.${body}`).digest('base64')
      expect(signature).toBe(`v1,${expected}`)
      expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(60)
      const { entity, action, timestamp, data } = JSON.parse(body)
      expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/)
      return { id, name: `${entity}.${action}`, data }
    })
    const [test, ...happened] = told
    expect(test).toMatchObject({ name: 'prompt_version.created', data: { template: 'Hello {{name}}!' } })
    // what came twice came with the same id
    const once = new Map(happened.map((one) => [one.id, one]))
    expect(once.size).toBe(happened.length - 1)
    const [{ source, run_id, ...version }] = [...once.values()]
      .filter(({ name, data }) => name === 'model_version.created' && data.version === '1' && data.name === 'flowers')
      .map(({ data }) => data)
    expect(version).toEqual({ name: 'flowers', version: '1', tags: { kind: 'tree' }, description: null })
    expect(source).toBe(`runs:/${run_id}/model`)
    const of = (wanted: string) => [...once.values()].filter(({ name }) => name === wanted).map(({ data }) => data)
    expect(of('registered_model.created')).toEqual(
      expect.arrayContaining([
        { name: 'flowers', tags: { owner: 'me' }, description: 'three kinds' },
        { name: 'blooms', tags: {}, description: null },
      ]),
    )
    expect(of('model_version_tag.set')).toEqual([{ name: 'flowers', version: '1', key: 'approved', value: 'yes' }])
    expect(of('model_version_tag.deleted')).toEqual([{ name: 'flowers', version: '1', key: 'approved' }])
    expect(
      of('model_version_alias.created')
        .map(({ version: moved }) => moved)
        .sort(),
    ).toEqual(['1', '2'])
    expect(of('model_version_alias.deleted')).toEqual([{ name: 'flowers', alias: 'champion' }])
    expect(of('prompt.created')).toEqual([{ name: 'greet', tags: { team: 'a' }, description: 'first' }])
    expect(of('prompt_version.created')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'greet', version: '1', template: 'Hello {{name}}!', description: 'first' }),
      ]),
    )
    expect(of('prompt_tag.set')).toContainEqual({ name: 'greet', key: 'team', value: 'b' })
    expect(of('prompt_tag.deleted')).toEqual([{ name: 'greet', key: 'team' }])
    expect(of('prompt_version_tag.set')).toEqual([{ name: 'greet', version: '1', key: 'mood', value: 'warm' }])
    expect(of('prompt_version_tag.deleted')).toEqual([{ name: 'greet', version: '1', key: 'mood' }])
    expect(of('prompt_alias.created')).toEqual([{ name: 'greet', alias: 'live', version: '1' }])
    expect(of('prompt_alias.deleted')).toEqual([{ name: 'greet', alias: 'live' }])
  })

  it('keeps the key of a webhook sealed, and tells a deleted one nothing', async () => {
    const [hook] = (await server.automation.webhooks.list('flights')).items
    const rows = JSON.stringify(await server.store.read.selectFrom('secrets').selectAll().execute())
    expect(rows).toContain(hook!.id)
    expect(rows + JSON.stringify(await server.journal.read({ limit: 5000 }))).not.toContain('shared key')
    const before = receiver.received.length
    const api = `${server.address}/mlflow/flights/api/2.0/mlflow`
    await fetch(`${api}/webhooks/${hook!.id}`, { method: 'DELETE' })
    await fetch(`${api}/registered-models/create`, { method: 'POST', body: JSON.stringify({ name: 'silent' }) })
    await server.automation.caughtUp()
    expect((await server.automation.deliveries.list('flights', { state: 'queued' })).total).toBe(0)
    expect(receiver.received).toHaveLength(before)
    expect(await server.store.read.selectFrom('secrets').selectAll().execute()).toEqual([])
  })

  it('keeps who moved which alias and why, also when a version goes away', async () => {
    const { aliases, versions } = server.registry
    await aliases.move({ actor: 'token/ann' }, 'flights', 'plants', 'champion', 2, 'It is better')
    await versions.delete({ actor: 'token/bob' }, 'flights', 'plants', 2)
    const history = await aliases.history('flights', 'plants')
    expect(history.map(({ actor, from, to, reason }) => [actor, from, to, reason])).toEqual([
      ['token/bob', 2, null, 'Version 2 was deleted'],
      ['token/ann', null, 2, 'It is better'],
      ['local', 2, null, "By MLflow's client"],
      ['local', 1, 2, "By MLflow's client"],
      ['local', null, 1, "By MLflow's client"],
    ])
  })
})

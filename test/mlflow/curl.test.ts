import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

const run = promisify(execFile)

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not used
type Body = any

describe('plain curl', () => {
  let server: TrackingServer
  let directory: string
  let address: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kedge-curl-'))
    server = await startTrackingServer(join(directory, 'data'))
    address = server.address
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  /** Runs curl with these words; gives its status and body as they came. */
  const curl = async (...words: string[]) => {
    const { stdout } = await run(
      'curl',
      ['-sS', '--max-time', '30', '-w', '\n%{http_code} %{content_type}', ...words],
      {
        cwd: directory,
        maxBuffer: 64 * 1024 * 1024,
      },
    )
    const end = stdout.lastIndexOf('\n')
    const [status, ...type] = stdout.slice(end + 1).split(' ')
    return { status: Number(status), type: type.join(' '), text: stdout.slice(0, end) }
  }
  const json = async (...words: string[]): Promise<Body> => {
    const answer = await curl(...words)
    expect(answer, answer.text).toMatchObject({ status: 200, type: expect.stringContaining('application/json') })
    return JSON.parse(answer.text)
  }
  const post = (path: string, body: unknown) =>
    json(`${address}/api/2.0/mlflow/${path}`, '-H', 'Content-Type: application/json', '-d', JSON.stringify(body))
  const get = (path: string, ...parameters: string[]) =>
    json('-G', `${address}/api/2.0/mlflow/${path}`, ...parameters.flatMap((one) => ['--data-urlencode', one]))
  const refused = async (status: number, code: string, ...words: string[]) => {
    const answer = await curl(...words)
    expect({ ...answer, text: '' }).toMatchObject({ status, type: expect.stringContaining('application/json') })
    const body = JSON.parse(answer.text)
    expect(body).toMatchObject({ error_code: code, message: expect.any(String) })
    return body.message as string
  }

  test('says that it is well, and which version of the API it speaks', async () => {
    expect((await curl(`${address}/mlflow/any/health`)).status).toBe(200)
    expect((await curl(`${address}/version`)).text).toMatch(/^\d+\.\d+\.\d+$/)
  })

  test('a run from its experiment to its end, by the documented calls', async () => {
    const { experiment_id: experiment } = await post('experiments/create', {
      name: 'curl',
      tags: [{ key: 'team', value: 'größer' }],
    })
    expect((await get('experiments/get-by-name', 'experiment_name=curl')).experiment).toMatchObject({
      experiment_id: experiment,
      lifecycle_stage: 'active',
      tags: [{ key: 'team', value: 'größer' }],
    })
    const { info } = (await post('runs/create', { experiment_id: experiment, run_name: 'one', start_time: 1000 })).run
    expect(info).toMatchObject({ run_id: expect.stringMatching(/^[0-9a-f]{32}$/), status: 'RUNNING', start_time: 1000 })
    const run_id = info.run_id
    expect(await post('runs/log-parameter', { run_id, key: 'depth', value: '3' })).toEqual({})
    await post('runs/log-metric', { run_id, key: 'loss', value: 0.5, timestamp: 1, step: 1 })
    await post('runs/set-tag', { run_id, key: 'kind', value: 'base' })
    await post('runs/log-batch', {
      run_id,
      metrics: [
        { key: 'loss', value: 0.25, timestamp: 2, step: 2 },
        { key: 'odd', value: 'NaN', timestamp: '3' },
      ],
      params: [{ key: 'rate', value: '0.1' }],
      tags: [{ key: 'note', value: 'x' }],
    })
    // a form, as curl sends without a header, is taken too: what matters is what it says
    await json(
      `${address}/api/2.0/mlflow/runs/set-tag`,
      '--data-binary',
      JSON.stringify({ run_id, key: 'plain', value: '1' }),
    )
    await post('runs/update', { run_id, status: 'FINISHED', end_time: 2000 })
    const got = (await get('runs/get', `run_id=${run_id}`)).run
    expect(got.info).toMatchObject({
      status: 'FINISHED',
      end_time: 2000,
      run_name: 'one',
      artifact_uri: expect.any(String),
    })
    expect(got.data.params).toEqual([
      { key: 'depth', value: '3' },
      { key: 'rate', value: '0.1' },
    ])
    expect(got.data.metrics).toMatchObject([
      { key: 'loss', value: 0.25, timestamp: 2, step: 2 },
      { key: 'odd', value: 'NaN', timestamp: 3, step: 0 },
    ])
    expect(got.data.tags).toContainEqual({ key: 'plain', value: '1' })
    expect((await get('metrics/get-history', `run_id=${run_id}`, 'metric_key=loss')).metrics).toMatchObject([
      { value: 0.5, step: 1 },
      { value: 0.25, step: 2 },
    ])
  })

  test('filters, order and pages', async () => {
    const { experiment_id } = await post('experiments/create', { name: 'filters' })
    for (const n of [0, 1, 2, 3, 4]) {
      const { run } = await post('runs/create', { experiment_id, run_name: `run ${n}`, start_time: n + 1 })
      await post('runs/log-batch', {
        run_id: run.info.run_id,
        metrics: [{ key: 'a b/c', value: n, timestamp: 1, step: 0 }],
        params: [{ key: 'parity', value: n % 2 ? 'odd' : 'even' }],
      })
    }
    const search = async (filter: string, more = {}) => {
      const answer = await post('runs/search', { experiment_ids: [experiment_id], filter, ...more })
      return { names: (answer.runs ?? []).map((run: Body) => run.info.run_name), token: answer.next_page_token }
    }
    expect((await search('metrics.`a b/c` >= 2 and params.parity = "even"')).names).toEqual(['run 4', 'run 2'])
    expect(
      (await search("run_name LIKE 'run %' and NOT (params.parity = 'odd' or metrics.\"a b/c\" = 4)")).names,
    ).toEqual(['run 2', 'run 0'])
    const first = await search('', { order_by: ['metrics.`a b/c` ASC'], max_results: 3 })
    expect(first.names).toEqual(['run 0', 'run 1', 'run 2'])
    const rest = await search('', { order_by: ['metrics.`a b/c` ASC'], max_results: 3, page_token: first.token })
    expect(rest).toEqual({ names: ['run 3', 'run 4'], token: undefined })
    const message = await refused(
      400,
      'INVALID_PARAMETER_VALUE',
      `${address}/api/2.0/mlflow/runs/search`,
      '-d',
      JSON.stringify({ experiment_ids: [experiment_id], filter: 'metrics.loss > 1 and params.depth ~ 3' }),
    )
    expect(message).toContain('~')
    expect((await get('experiments/search', 'max_results=1', "filter=name = 'filters'")).experiments).toHaveLength(1)
  })

  test('artifacts up and down: whole, by range, as known already, listed and removed', async () => {
    const { run } = await post('runs/create', { experiment_id: '0' })
    const { run_id, artifact_uri } = run.info
    const proxy = `${address}/api/2.0/mlflow-artifacts/artifacts/${artifact_uri.replace('mlflow-artifacts:/', '')}`
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7) % 251))
    await writeFile(join(directory, 'up.bin'), content)
    await json('-T', 'up.bin', `${proxy}/model/up.bin`)
    await json(
      '-X',
      'PUT',
      '--data-binary',
      '{"a": 1}',
      '-H',
      'Content-Type: application/json',
      `${proxy}/model/a.json`,
    )
    // of unknown length
    await json('-T', 'up.bin', '-H', 'Transfer-Encoding: chunked', `${proxy}/chunked.bin`)

    expect((await curl('-o', 'down.bin', '-D', 'headers', `${proxy}/model/up.bin`)).status).toBe(200)
    expect((await readFile(join(directory, 'down.bin'))).equals(content)).toBe(true)
    const headers = await readFile(join(directory, 'headers'), 'utf8')
    expect(headers).toMatch(/content-length: 300000/i)
    const etag = /etag: (\S+)/i.exec(headers)![1]!
    for (const [range, start, end] of [
      ['0-9', 0, 10],
      ['299990-', 299_990, 300_000],
      ['-5', 299_995, 300_000],
    ] as const) {
      expect((await curl('-r', range, '-o', 'part', `${proxy}/model/up.bin`)).status).toBe(206)
      expect((await readFile(join(directory, 'part'))).equals(content.subarray(start, end))).toBe(true)
    }
    // a download that was cut goes on where it stood
    await writeFile(join(directory, 'cut'), content.subarray(0, 100_000))
    expect((await curl('-C', '-', '-o', 'cut', `${proxy}/chunked.bin`)).status).toBe(206)
    expect((await readFile(join(directory, 'cut'))).equals(content)).toBe(true)
    await refused(416, 'INVALID_PARAMETER_VALUE', '-r', '300000-', `${proxy}/model/up.bin`)
    expect((await curl('-H', `If-None-Match: ${etag}`, `${proxy}/model/up.bin`)).status).toBe(304)
    const { text } = await curl('-I', `${proxy}/model/up.bin`)
    expect(text).toMatch(/content-length: 300000/i)
    expect((await curl(`${address}/get-artifact?run_id=${run_id}&path=model/a.json`)).text).toBe('{"a": 1}')

    expect((await get('artifacts/list', `run_id=${run_id}`, 'path=model')).files).toEqual([
      { path: 'model/a.json', is_dir: false, file_size: 8 },
      { path: 'model/up.bin', is_dir: false, file_size: 300_000 },
    ])
    await json('-X', 'DELETE', `${proxy}/model`)
    expect((await get('artifacts/list', `run_id=${run_id}`)).files).toEqual([
      { path: 'chunked.bin', is_dir: false, file_size: 300_000 },
    ])
    await refused(404, 'RESOURCE_DOES_NOT_EXIST', `${proxy}/model/up.bin`)
    await refused(400, 'INVALID_PARAMETER_VALUE', '--path-as-is', `${proxy}/..%2f..%2fetc/passwd`)
  })

  test('a model, its version, its alias', async () => {
    await post('registered-models/create', { name: 'm' })
    const { model_version } = await post('model-versions/create', { name: 'm', source: 'mlflow-artifacts:/0/x' })
    expect(model_version).toMatchObject({ name: 'm', version: '1', status: 'READY', current_stage: 'None' })
    await post('registered-models/alias', { name: 'm', alias: 'champion', version: '1' })
    expect((await get('registered-models/alias', 'name=m', 'alias=champion')).model_version.version).toBe('1')
    await json(
      '-X',
      'PATCH',
      `${address}/api/2.0/mlflow/model-versions/update`,
      '-d',
      '{"name":"m","version":"1","description":"d"}',
    )
    expect((await get('model-versions/get', 'name=m', 'version=1')).model_version.description).toBe('d')
    await json('-X', 'DELETE', `${address}/api/2.0/mlflow/registered-models/delete`, '-d', '{"name":"m"}')
    await refused(404, 'RESOURCE_DOES_NOT_EXIST', `${address}/api/2.0/mlflow/registered-models/get?name=m`)
  })

  test('what is wrong is answered in the form of MLflow, by its codes', async () => {
    const at = `${address}/api/2.0/mlflow`
    await refused(400, 'INVALID_PARAMETER_VALUE', `${at}/runs/create`, '-d', '{"experiment_id": 7, ')
    expect(await refused(400, 'INVALID_PARAMETER_VALUE', `${at}/runs/log-metric`, '-d', '{"key": "m"}')).toContain(
      'run_id',
    )
    await refused(404, 'RESOURCE_DOES_NOT_EXIST', `${at}/runs/get?run_id=${'0'.repeat(32)}`)
    await post('experiments/create', { name: 'twice' })
    await refused(400, 'RESOURCE_ALREADY_EXISTS', `${at}/experiments/create`, '-d', '{"name": "twice"}')
    await refused(404, 'ENDPOINT_NOT_FOUND', `${at}/nothing/here`)
  })
})

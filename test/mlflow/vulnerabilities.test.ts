import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

// What was possible on MLflow's own server, by the number under which it was published, and its relatives. Each is tried
// here with the bytes that an attacker would send: no URL is tidied up by a client on the way.

const secret = 'what nobody may read'
let folder: string
let server: TrackingServer
let run: string

interface Answer {
  status: number
  headers: Record<string, unknown>
  text: string
}

/** The path goes out as it is. */
const send = (method: string, path: string, body?: string | Buffer | object, headers: Record<string, string> = {}) =>
  new Promise<Answer>((resolve, reject) => {
    const { hostname, port } = new URL(server.address)
    const payload =
      body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    const outgoing = request({ hostname, port, method, path, headers }, (incoming) => {
      let text = ''
      incoming.on('data', (chunk) => {
        text += chunk
      })
      incoming.on('end', () => resolve({ status: incoming.statusCode!, headers: incoming.headers, text }))
      incoming.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(payload)
  })
const api = async (method: string, path: string, body?: object) => {
  const answer = await send(method, `/api/2.0/mlflow/${path}`, body)
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not used
  return { status: answer.status, text: answer.text, body: JSON.parse(answer.text) as Record<string, any> }
}
const refused = ({ status, text }: { status: number; text: string }) => {
  expect(status, text).toBeGreaterThanOrEqual(400)
  // 501: an address of a kind that this server does not read
  if (status !== 501) expect(status, text).toBeLessThan(500)
  expect(text).not.toContain(secret)
  expect(text).not.toContain('root:')
}
/** Files in the folder around the data directory: nothing may be added to them. */
const around = () => readdirSync(folder).sort()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-vulnerable-'))
  writeFileSync(join(folder, 'secret.txt'), secret)
  server = await startTrackingServer(join(folder, 'data'))
  const created = await api('POST', 'runs/create', { experiment_id: '0' })
  run = created.body.run.info.run_id
  await send('PUT', `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/model/MLmodel`, 'flavors: {}')
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const climbing = [
  '../../../secret.txt',
  '..%2f..%2f..%2fsecret.txt',
  '%2e%2e/%2e%2e/%2e%2e/secret.txt',
  '%252e%252e%252f%252e%252e%252fsecret.txt',
  '%25252e%25252e%25252fsecret.txt',
  '..%5c..%5csecret.txt',
  '....//....//secret.txt',
  'a/..%00/secret.txt',
  '%2fetc%2fpasswd',
  '/etc/passwd',
  '//etc/passwd',
  'file:///etc/passwd',
  'file:%2f%2f%2fetc%2fpasswd',
  'C:%5cWindows%5cwin.ini',
  'a;/../../../etc/passwd',
  'x#/../../../etc/passwd',
  '%ef%bc%8e%ef%bc%8e/secret.txt',
]

describe('path traversal through artifacts', () => {
  test.each(climbing)('CVE-2023-1177, CVE-2023-6909: reads %s', async (path) => {
    refused(await send('GET', `/api/2.0/mlflow-artifacts/artifacts/${path}`))
    refused(await send('GET', `/ajax-api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/${path}`))
    refused(await send('GET', `/get-artifact?run_id=${run}&path=${path.replace('#', '%23')}`))
  })

  test.each(climbing)('CVE-2023-2780: lists %s', async (path) => {
    const hash = path.replace('#', '%23')
    for (const address of [
      `/api/2.0/mlflow-artifacts/artifacts?path=${hash}`,
      `/api/2.0/mlflow/artifacts/list?run_id=${run}&path=${hash}`,
    ]) {
      const answer = await send('GET', address)
      // a folder that is not there is an empty list
      if (answer.status === 200) expect(JSON.parse(answer.text).files ?? []).toEqual([])
      else refused(answer)
    }
  })

  test.each(climbing)('CVE-2023-6975, CVE-2023-6976, CVE-2025-15031: writes %s', async (path) => {
    const before = around()
    const answer = await send('PUT', `/api/2.0/mlflow-artifacts/artifacts/${path}`, 'overwritten')
    expect(answer.status).toBeLessThan(500)
    expect(around()).toEqual(before)
    expect(existsSync('/etc/secret.txt')).toBe(false)
    // what does not climb is a name like any other, kept by its digest
    if (answer.status === 200) await send('DELETE', `/api/2.0/mlflow-artifacts/artifacts/${path}`)
  })

  test.each(climbing)('CVE-2024-1560: deletes %s', async (path) => {
    const before = around()
    expect((await send('DELETE', `/api/2.0/mlflow-artifacts/artifacts/${path}`)).status).toBeLessThan(500)
    expect(around()).toEqual(before)
  })
})

describe('local files through addresses that are kept', () => {
  const local = [
    'file:///etc',
    'file:/etc',
    '/etc',
    '//etc',
    'FILE:///etc',
    'file:///x#/../../../../../../../../../../../../../etc',
    'file://localhost/etc',
    './../../etc',
    'C:\\Windows',
    'http://127.0.0.1:1/?/../../../../etc',
    'mlflow-artifacts:/../../../etc',
    'mlflow-artifacts://x/../../etc',
    'mlflow-artifacts:/%2e%2e/%2e%2e/etc',
    'runs:/../../etc',
    'models:/../../../etc',
    'models:/m-00000000000000000000000000000000/../../etc',
    's3://bucket/a/../../etc',
    'dbfs:/../../etc',
    'ftp://x/;/../../etc',
    'local:///etc',
    'jar:file:///etc!/passwd',
  ]
  test.each(local)('CVE-2023-1177, CVE-2023-6831, CVE-2024-1558: a version of a model from %s', async (source) => {
    const name = `source-${local.indexOf(source)}`
    await api('POST', 'registered-models/create', { name })
    const made = await api('POST', 'model-versions/create', { name, source, run_id: run })
    if (made.status !== 200) return refused(made)
    refused(await send('GET', `/model-versions/get-artifact?name=${name}&version=1&path=passwd`))
    const uri = await api('GET', `model-versions/get-download-uri?name=${name}&version=1`)
    expect(uri.text).not.toMatch(/"artifact_uri":\s*"(\/|file)/i)
  })

  test.each(local)(
    'CVE-2024-2928, CVE-2024-3848, CVE-2024-1483, CVE-2024-1593: an experiment kept at %s',
    async (location) => {
      const made = await api('POST', 'experiments/create', {
        name: `at ${location} ${Math.random()}`,
        artifact_location: location,
      })
      if (made.status !== 200) return refused(made)
      const inside = await api('POST', 'runs/create', { experiment_id: made.body.experiment_id })
      const id = inside.body.run.info.run_id
      for (const address of [
        `/api/2.0/mlflow/artifacts/list?run_id=${id}`,
        `/get-artifact?run_id=${id}&path=passwd`,
        `/get-artifact?run_id=${id}&path=artifacts/passwd`,
      ]) {
        const answer = await send('GET', address)
        if (answer.status === 200) expect(JSON.parse(answer.text).files ?? []).toEqual([])
        else refused(answer)
      }
    },
  )

  test('CVE-2023-6753: an input dataset with a local source is a text and nothing more', async () => {
    const answer = await api('POST', 'runs/log-inputs', {
      run_id: run,
      datasets: [
        { dataset: { name: 'd', digest: '1', source_type: 'local', source: '{"uri":"file:///etc/passwd"}' }, tags: [] },
      ],
    })
    expect(answer.status).toBe(200)
    expect((await api('GET', `runs/get?run_id=${run}`)).text).not.toContain('root:')
  })
})

describe('code in what is stored', () => {
  test('CVE-2024-37052 to 37060, CVE-2024-27134: a pickle and a tagged YAML are bytes to the server', async () => {
    const mark = join(folder, 'executed')
    const pickle = Buffer.from(`cposix\nsystem\n(S'touch ${mark}'\ntR.`)
    const root = `0/${run}/artifacts/evil`
    const yaml = `flavors:\n  python_function:\n    x: !!python/object/apply:os.system ['touch ${mark}']\n`
    for (const [path, content] of [
      ['MLmodel', yaml],
      ['python_model.pkl', pickle],
      ['requirements.txt', `--index-url http://127.0.0.1:1/\n-e git+file://${folder}\n`],
    ] as const)
      expect((await send('PUT', `/api/2.0/mlflow-artifacts/artifacts/${root}/${path}`, content)).status).toBe(200)
    await api('POST', 'registered-models/create', { name: 'evil' })
    const made = await api('POST', 'model-versions/create', { name: 'evil', source: `runs:/${run}/evil`, run_id: run })
    expect(made.status).toBeLessThan(500)
    await api('GET', 'model-versions/get?name=evil&version=1')
    expect(existsSync(mark)).toBe(false)
  })

  test('CVE-2024-27132, CVE-2023-6568: a page that was logged is never shown as one, nor is a name in an error', async () => {
    const page = '<script>alert(1)</script>'
    for (const name of ['x.html', 'x.svg', 'x.xml', 'x.xhtml', 'x']) {
      await send('PUT', `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/${name}`, page)
      const { headers } = await send('GET', `/get-artifact?run_id=${run}&path=${name}`)
      expect(headers['content-type']).not.toMatch(/html|svg|xml/)
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['content-disposition']).toMatch(/^attachment/)
      expect(headers['content-security-policy']).toContain('sandbox')
    }
    for (const path of [`/${page}`, `/api/2.0/mlflow/runs/get?run_id=${encodeURIComponent(page)}`])
      expect((await send('GET', path)).headers['content-type']).toMatch(/^application\/json/)
    const { headers } = await send('POST', '/api/2.0/mlflow/runs/create', '{}', { 'content-type': page })
    expect(headers['content-type']).toMatch(/^application\/json/)
  })

  test.each([
    'metrics.m > 1); DROP TABLE runs; --',
    "params.`x' OR '1'='1` = 'a'",
    "attributes.run_id IN ('a') UNION SELECT value FROM secrets",
    "tags.\"a`b\" LIKE '%'; ATTACH DATABASE '/tmp/x' AS y",
  ])('a filter with SQL in it: %s', async (filter) => {
    const answer = await api('POST', 'runs/search', { experiment_ids: ['0'], filter, order_by: [filter] })
    expect(answer.status).toBe(400)
    expect((await api('GET', `runs/get?run_id=${run}`)).status).toBe(200)
  })
})

describe.each(['constructor', '__proto__', 'toString', 'attributes.constructor', 'constructor.x'])(
  'a field called %s, which every object of JavaScript has',
  (field) => {
    const filter = `${field} = 'x'`
    const inside = { experiment_ids: ['0'] }
    const traced = { locations: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '0' } }] }
    test.each<[string, object, object]>([
      ['2.0/mlflow/runs/search', { ...inside, filter }, { ...inside, order_by: [field] }],
      ['2.0/mlflow/experiments/search', { max_results: 5, filter }, { max_results: 5, order_by: [field] }],
      ['2.0/mlflow/logged-models/search', { ...inside, filter }, { ...inside, order_by: [{ field_name: field }] }],
      ['3.0/mlflow/traces/search', { ...traced, filter }, { ...traced, order_by: [field] }],
      ['3.0/mlflow/datasets/search', { ...inside, filter_string: filter }, { ...inside, order_by: [field] }],
    ])('%s', async (path, filtered, ordered) => {
      for (const body of [filtered, ordered]) expect((await send('POST', `/api/${path}`, body)).status).toBe(400)
    })

    test.each(['registered-models', 'model-versions'])('%s/search', async (things) => {
      for (const query of [`filter=${encodeURIComponent(filter)}`, `order_by=${field}`])
        expect((await send('GET', `/api/2.0/mlflow/${things}/search?${query}`)).status).toBe(400)
    })
  },
)

describe('browsers on the machine of a user', () => {
  const write = '/api/2.0/mlflow/experiments/create'
  test.each([
    [{ origin: 'http://evil.example' }, 'a page of another site (CSRF)'],
    [{ origin: 'null' }, 'a page without an origin'],
    [{ origin: 'http://127.0.0.1.evil.example' }, 'a site that looks like this machine'],
    [{ host: 'evil.example:4700' }, 'CVE-2025-14279: a name that was rebound to this machine'],
    [{ host: '127.0.0.1.nip.io' }, 'a public name for this machine'],
  ] as [Record<string, string>, string][])('%o: %s', async (headers) => {
    const name = `by ${JSON.stringify(headers)}`
    // text/plain needs no preflight
    const answer = await send('POST', write, JSON.stringify({ name }), { 'content-type': 'text/plain', ...headers })
    expect(answer.status).toBe(403)
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    expect((await api('GET', `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`)).status).toBe(404)
  })
})

describe('more than can be served', () => {
  test('CVE-2024-6838: names, places and values without end', async () => {
    const long = 'x'.repeat(2_000_000)
    refused(await api('POST', 'experiments/create', { name: long }))
    refused(await api('POST', 'experiments/create', { name: 'placed', artifact_location: `mlflow-artifacts:/${long}` }))
    refused(await api('POST', 'runs/log-parameter', { run_id: run, key: long, value: '1' }))
    refused(await api('POST', 'runs/set-tag', { run_id: run, key: 'k', value: long }))
    refused(await api('POST', 'registered-models/create', { name: long }))
  })

  test('a filter of a million characters, and one that is nested ten thousand deep', async () => {
    for (const filter of [
      `params.p = '${'x'.repeat(1_000_000)}'`,
      Array(50_000).fill("params.p = 'x'").join(' AND '),
      `${'('.repeat(10_000)}params.p = 'x'${')'.repeat(10_000)}`,
      `${'NOT '.repeat(10_000)}params.p = 'x'`,
      "params.p RLIKE '(a*)*\\1b'",
      `params.p RLIKE '${'(a*)*'.repeat(1000)}b'`,
    ])
      refused(await api('POST', 'runs/search', { experiment_ids: ['0'], filter }))
  })
})

test('a run of another project is not there', async () => {
  refused(await send('GET', `/mlflow/other/api/2.0/mlflow/runs/get?run_id=${run}`))
  refused(await send('GET', `/mlflow/other/get-artifact?run_id=${run}&path=model/MLmodel`))
  refused(await send('GET', `/mlflow/other/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/model/MLmodel`))
})

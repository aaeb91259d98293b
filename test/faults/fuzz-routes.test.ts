import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { createHttpServer } from '../../src/protocols/http-server.ts'
import { mlflowRoutes } from '../../src/protocols/mlflow/mlflow-routes.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { addressPart, type Known, mlflowBody } from './mlflow-fields.ts'
import { type JsonSchema, valuesOf } from './schema-values.ts'

/** Requests for each route; the seed is printed by fast-check when one of them is not answered as it should be. */
const numRuns = Number(process.env.KEDGE_TEST_FUZZ ?? 12)
/** what streams for as long as it is read, and what ends the server or writes where it is told to */
const leftOut = /\/(stream|follow|events|logs?)$|^\/internal\/|\/backups?|\/restore/

let directory: string
let postgres: PostgresServer
let kedge: Kedge
let known: Known

interface Operation {
  parameters?: { name: string; in: string; schema: JsonSchema }[]
  requestBody?: { content: Record<string, { schema: JsonSchema }> }
}
interface Description {
  paths: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, JsonSchema> }
}

async function start(sql: object) {
  directory = await mkdtemp(join(tmpdir(), 'kedge-fuzz-'))
  kedge = await startKedge(
    readConfig({ port: 0, data: directory, logLevel: 'silent', roles: ['control'], ...sql }),
    silentLog,
  )
  const post = async (path: string, body: object) =>
    (await (
      await fetch(`${kedge.address}/api/2.0/mlflow/${path}`, { method: 'POST', body: JSON.stringify(body) })
    ).json()) as {
      experiment_id: string
      run: { info: { run_id: string } }
      model: { info: { model_id: string } }
    }
  const { experiment_id: experiment } = await post('experiments/create', { name: 'fuzzed' })
  const { run } = await post('runs/create', { experiment_id: experiment })
  await post('registered-models/create', { name: 'fuzzed-model' })
  const { model } = await post('logged-models', { experiment_id: experiment, name: 'fuzzed' })
  known = { run: run.info.run_id, experiment, model: 'fuzzed-model', loggedModel: model.info.model_id }
}
async function stop() {
  await kedge?.stop()
  await rm(directory, { recursive: true, force: true })
}

beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)
afterAll(() => postgres?.stop())

const encoded = (part: string) => {
  try {
    return encodeURIComponent(part)
  } catch {
    return '%00'
  }
}

/** Sends a request; what came back must be no fault of the server's, and must not say what its insides look like. */
async function ask(method: string, path: string, query: Record<string, unknown>, body: unknown) {
  const search = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encoded(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))}`)
    .join('&')
  const address = `${kedge.address}${path}${search === '' ? '' : `?${search}`}`
  // beyond that Node itself refuses the head of the request
  if (address.length > 14_000) return
  const payload = body === undefined || method === 'GET' ? undefined : JSON.stringify(body)
  const answer = await fetch(address, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
    ...(payload === undefined ? {} : { body: payload, headers: { 'content-type': 'application/json' } }),
  }).catch((error) => {
    // an address that is no URL is the client's own refusal
    if (String(error?.cause ?? error).includes('Invalid URL')) return undefined
    throw new Error(`${method} ${path}: ${error} ${error.cause ?? ''}`)
  })
  if (!answer) return
  const text = await answer.text()
  const what = `${method} ${path}?${search} ${payload?.slice(0, 2000)}\n→ ${answer.status} ${text.slice(0, 1000)}`
  // 501: MLflow's methods that are not offered; 503: a store that is not there
  if (answer.status !== 501) expect(answer.status, what).toBeLessThan(500)
  if (answer.status >= 400) {
    expect(text, what).not.toMatch(/node_modules|\.ts:\d+|SQLITE_|syntax error at or near/)
    const parsed = JSON.parse(text) as { error?: { code: string }; error_code?: string }
    expect(parsed.error?.code ?? parsed.error_code, what).toMatch(/^[A-Za-z_]+$/)
  }
}

const settings = { numRuns, endOnFailure: true }

describe.each([
  ['SQLite', () => ({})],
  ['PostgreSQL', () => ({ sql: postgres.url() })],
])('on %s', (_, sql) => {
  beforeAll(() => start(sql()), 60_000)
  afterAll(stop)

  test('no request that MLflow’s methods can be sent is answered as a fault of the server', async () => {
    const bare = createHttpServer({ log: silentLog, identify: async () => undefined, allowedHosts: new Set() })
    const routes: { method: string; url: string }[] = []
    bare.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) if (one !== 'HEAD') routes.push({ method: one, url })
    })
    // only the addresses are wanted; nothing is called
    const nothing: unknown = new Proxy(() => nothing, { get: () => nothing })
    mlflowRoutes(bare, nothing as never)
    await bare.ready()
    await bare.close()
    const own = routes.filter(({ url }) => !/^\/(ajax-api|mlflow)\//.test(url) && !leftOut.test(url))
    expect(own.length).toBeGreaterThan(60)
    for (const { method, url } of own) {
      const parts = url.split('/')
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(...parts.map((part) => (/^[:*]/.test(part) ? addressPart(known) : fc.constant(part)))),
          mlflowBody(known),
          async (filled, fields) => {
            const path = filled.map((part, i) => (part === parts[i] ? part : encoded(part))).join('/')
            if (method === 'GET') await ask(method, path, fields, undefined)
            else await ask(method, path, {}, fields)
          },
        ),
        settings,
      )
    }
  }, 300_000)

  test('no request that Kedge’s own routes describe is answered as a fault of the server', async () => {
    const description = (await (await fetch(`${kedge.address}/openapi.json`)).json()) as Description
    const resolve = (ref: string) => description.components?.schemas?.[ref.split('/').at(-1)!] ?? {}
    const text = fc.oneof(addressPart(known), fc.constantFrom('default', '1', 'delay'))
    const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
    )
    expect(operations.length).toBeGreaterThan(80)
    for (const { path, method, operation } of operations) {
      if (leftOut.test(path)) continue
      const { parameters = [], requestBody } = operation
      const schema = requestBody?.content['application/json']?.schema
      const query = parameters.filter((one) => one.in === 'query')
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(
            ...path.split('/').map((part) => {
              if (!part.startsWith('{')) return fc.constant(part)
              return part === '{project}' ? fc.constant('default') : text.map(encoded)
            }),
          ),
          fc.record(Object.fromEntries(query.map((one) => [one.name, valuesOf(one.schema, resolve, text)])), {
            requiredKeys: [],
          }),
          schema ? valuesOf(schema, resolve, text) : fc.constant(undefined),
          (parts, asked, body) => ask(method, parts.join('/'), asked, body),
        ),
        settings,
      )
    }
  }, 300_000)
})

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { createHttpServer } from '../../src/protocols/http-server.ts'
import { registryRoutes } from '../../src/protocols/kedge/registry-routes.ts'
import type { Conversion } from '../../src/registry/conversion.ts'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { type Control, eventually, post, startControl, startInference, temporaryDirectory } from '../serving/stand.ts'

interface Answers {
  rows: Record<string, number | string>[]
  predictions: number[]
  scores: number[] | null
}

const user = { actor: 'user/test' }
const before = { KEDGE_PYTHON: process.env.KEDGE_PYTHON, KEDGE_CONVERTERS: process.env.KEDGE_CONVERTERS }
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor
let app: FastifyInstance
let answers: Record<string, Answers>

beforeAll(async () => {
  const python = await pythonEnvironment(fileURLToPath(new URL('./requirements.lock', import.meta.url)))
  process.env.KEDGE_PYTHON = python
  process.env.KEDGE_CONVERTERS = python
  directory = await temporaryDirectory()
  const make = readFileSync(new URL('./make-convertible-models.py', import.meta.url), 'utf8')
  const said = await runPython(python, `import sys\nsys.argv = ["", ${JSON.stringify(directory.path)}]\n${make}`)
  answers = JSON.parse(said.trim().split('\n').at(-1)!)
  control = await startControl(`${directory.path}/control`)
  inference = await startInference(control.address, `${directory.path}/inference`)
  app = createHttpServer({
    log: silentLog,
    identify: async () => ({ actor: 'user/test', may: () => true }),
    allowedHosts: new Set(['localhost']),
  })
  registryRoutes(app, { registry: control.registry })
}, 600_000)
afterAll(async () => {
  for (const [name, value] of Object.entries(before))
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  await app?.close()
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

async function convert(name: string): Promise<Conversion> {
  const { digest, bytes } = await putFolder(control.environment.blobs, `${directory.path}/${name}`)
  await control.registry.models.ensure(user, 'default', name)
  await control.registry.versions.create(user, 'default', name, {
    artifact: { digest, kind: 'mlflow', bytes },
    datasetVersions: [],
  })
  const url = `/api/v1/projects/default/models/${name}/versions/1/conversion`
  const headers = { host: 'localhost' }
  expect((await app.inject({ url, headers })).json()).toEqual({ conversion: null })
  expect((await app.inject({ method: 'POST', url, headers })).statusCode).toBe(202)
  return eventually(
    async () => ((await app.inject({ url, headers })).json() as { conversion: Conversion | null }).conversion ?? false,
    `the conversion of ${name}`,
    120_000,
  )
}

test.each([
  ['pipeline', 'float'],
  ['linear', 'double'],
  ['boosted', 'float'],
])(
  '%s is served as ONNX, in %s precision, with the answers that it had in Python',
  async (name, precision) => {
    const conversion = await convert(name)
    expect(conversion).toMatchObject({ state: 'converted', precision, rows: 50, source: 'input example', why: null })
    expect(conversion.largestDifference).toBeLessThan(1)
    await control.serving.deploy(user, 'default', { name, model: `${name}/1` })
    const endpoint = await control.serving.endpoints.get('default', name)
    expect(endpoint.revisions[0]).toMatchObject({ kind: 'onnx', artifact: conversion.digest, version: 1 })
    const { rows, predictions, scores } = answers[name]!
    const at = inference.addresses!.http
    const { body } = await post(`${at}/endpoints/${name}/predict`, {
      instances: rows.map((features) => ({ features })),
    })
    const given = (body as { predictions: { score: number }[] }).predictions.map((one) => one.score)
    for (const [i, score] of (scores ?? predictions).entries())
      expect(Math.abs(given[i]! - score)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(score)))
    // the columns and the answer of the protocol are those of the Python model
    const inputs = Object.keys(rows[0]!).map((column) => ({
      name: column,
      datatype: typeof rows[0]![column] === 'string' ? 'BYTES' : column === 'hour' ? 'INT64' : 'FP64',
      shape: [rows.length, 1],
      data: rows.map((row) => row[column]),
    }))
    const answer = await post(`${at}/v2/models/${name}/infer`, { inputs, outputs: [{ name: 'predictions' }] })
    expect(answer.status).toBe(200)
    const [output] = (answer.body as { outputs: { shape: number[]; datatype: string; data: number[] }[] }).outputs
    expect(output).toMatchObject({ shape: [rows.length], datatype: name === 'boosted' ? 'INT64' : 'FP64' })
    for (const [i, value] of predictions.entries())
      expect(Math.abs(output!.data[i]! - value)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(value)))
  },
  180_000,
)

test.each([
  ['own', /neither of scikit-learn nor of LightGBM/],
  ['unseen', /no rows to compare/],
])(
  '%s stays in Python and says why',
  async (name, why) => {
    const conversion = await convert(name)
    expect(conversion).toMatchObject({ state: 'refused', digest: null, why: expect.stringMatching(why) })
    await control.serving.deploy(user, 'default', { name, model: `${name}/1` })
    expect((await control.serving.endpoints.get('default', name)).revisions[0]).toMatchObject({ kind: 'mlflow' })
  },
  180_000,
)

test('only Python models are converted; the journal has each conversion', async () => {
  await control.version('delay', 'delay-1')
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/projects/default/models/delay/versions/1/conversion',
    headers: { host: 'localhost' },
  })
  expect(answer.statusCode).toBe(409)
  const events = await control.environment.journal.read({ subject: 'model_version/linear@1' })
  expect(events.map((event) => event.type)).toContain('model_version.converted')
})

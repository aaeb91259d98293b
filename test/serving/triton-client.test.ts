import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { type Control, eventually, fixtures, startControl, startInference, temporaryDirectory } from './stand.ts'

const user = { actor: 'user/test' }
const script = readFileSync(new URL('./triton-client.py', import.meta.url), 'utf8')
let python: string
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor

beforeAll(async () => {
  python = await pythonEnvironment(new URL('./requirements.lock', import.meta.url).pathname)
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`)
  inference = await startInference(control.address, `${directory.path}/inference`)
  for (const [model, fixture] of [
    ['delay', 'delay-1'],
    ['matrix', 'matrix'],
  ] as const) {
    await control.version(model, fixture)
    await control.serving.deploy(user, 'default', { name: model, model: `${model}/1` })
  }
}, 600_000)
afterAll(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

test("Triton's Python client works unmodified over HTTP and gRPC, and what it predicts is on record", async () => {
  const output = await runPython(python, script, {
    HTTP: new URL(inference.addresses!.http).host,
    GRPC: inference.addresses!.grpc.replace('grpc://', ''),
    EXPECTED_DELAY: join(fixtures, 'delay-1', 'expected.json'),
    EXPECTED_MATRIX: join(fixtures, 'matrix', 'expected.json'),
  })
  const seen = JSON.parse(output.trim().split('\n').at(-1)!)
  const both = {
    live: true,
    ready: true,
    model: true,
    name: 'kedge',
    inputs: ['distance', 'hour', 'origin'],
    index: ['delay', 'matrix'],
    delay: true,
    matrix: true,
  }
  expect(seen.http).toMatchObject({
    ...both,
    json: true,
    gzip: true,
    labels: 'int64',
    async: true,
    'shared memory': true,
  })
  expect(seen.http.absent).toEqual(['404', 'Endpoint nothing does not exist'])
  expect(seen.http.wrong[0]).toBe('400')
  expect(seen.grpc).toMatchObject({
    ...both,
    id: 'grpc-1',
    version: '1',
    stream: true,
    order: [0, 1, 2, 3, 4].map((i) => `stream-${i}`),
  })
  expect(seen.grpc.absent).toEqual(['StatusCode.NOT_FOUND', 'Endpoint nothing does not exist'])
  expect(seen.grpc.wrong[0]).toBe('StatusCode.INVALID_ARGUMENT')
  expect(seen.grpc.load).toBe('StatusCode.UNIMPLEMENTED')
  for (const id of ['http-1', 'http-2', 'grpc-1'])
    await eventually(() => control.recorded.filter((row) => row.id.startsWith(`${id}/`)).length === 20, id)
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { type ServedModels, serveModels } from './served-models.ts'
import { eventually, fixtures } from './stand.ts'

const script = readFileSync(new URL('./triton-client.py', import.meta.url), 'utf8')
let python: string
let served: ServedModels

beforeAll(async () => {
  python = await pythonEnvironment(new URL('./requirements.lock', import.meta.url).pathname)
  served = await serveModels({ delay: 'delay-1', matrix: 'matrix', identity: 'identity' })
}, 600_000)
afterAll(() => served?.stop())

test("Triton's Python clients work unmodified over HTTP and gRPC, and what it predicts is on record", async () => {
  const output = await runPython(python, script, {
    HTTP: new URL(served.inference.addresses!.http).host,
    GRPC: served.inference.addresses!.grpc.replace('grpc://', ''),
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
    index: ['delay', 'matrix', 'identity'],
    delay: true,
    matrix: true,
    gzip: true,
    timed: true,
    types: [],
    statistics: true,
    config: 65_536,
    load: null,
  }
  expect(seen.http).toMatchObject({
    ...both,
    json: true,
    labels: 'int64',
    async: true,
    long: true,
    version: '1',
    'shared memory': Array(7).fill('400'),
    'tensor in shared memory': '400',
    unload: '400',
    trace: '400',
    classes: '400',
    late: '400',
  })
  expect(seen.http.absent).toEqual(['404', expect.stringContaining('Endpoint nothing does not exist')])
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
  const unimplemented = 'StatusCode.UNIMPLEMENTED'
  expect(seen.grpc).toMatchObject({
    configured: unimplemented,
    unload: unimplemented,
    late: unimplemented,
    'tensor in shared memory': unimplemented,
    'shared memory': Array(7).fill(unimplemented),
  })
  const asynchronous = { live: true, model: true, matrix: true }
  expect(seen['http.aio']).toEqual({ ...asynchronous, absent: '404', 'shared memory': '400' })
  expect(seen['grpc.aio']).toEqual({
    ...asynchronous,
    absent: 'StatusCode.NOT_FOUND',
    'shared memory': unimplemented,
    stream: [0, 1, 2, 3, 4].map((i) => `aio-${i}`),
  })
  for (const id of ['http-1', 'http-2', 'grpc-1'])
    await eventually(() => served.control.recorded.filter((row) => row.id.startsWith(`${id}/`)).length === 20, id)
})

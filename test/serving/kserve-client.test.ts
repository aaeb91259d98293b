import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { type ServedModels, serveModels } from './served-models.ts'
import { fixtures } from './stand.ts'

const script = readFileSync(new URL('./kserve-client.py', import.meta.url), 'utf8')
let python: string
let served: ServedModels

beforeAll(async () => {
  python = await pythonEnvironment(new URL('./kserve.lock', import.meta.url).pathname)
  served = await serveModels({ delay: 'delay-1' })
}, 600_000)
afterAll(() => served?.stop())

test("KServe's Python client works unmodified over REST and gRPC", async () => {
  const output = await runPython(python, script, {
    HTTP: served.inference.addresses!.http,
    GRPC: served.inference.addresses!.grpc.replace('grpc://', ''),
    EXPECTED_DELAY: join(fixtures, 'delay-1', 'expected.json'),
  })
  const seen = JSON.parse(output.trim().split('\n').at(-1)!)
  const both = { live: true, ready: true, model: true, delay: true, binary: true }
  expect(seen.rest).toMatchObject({ ...both, id: 'kserve-1', outputs: ['probabilities'], absent: 404 })
  expect(seen.grpc).toMatchObject({ ...both, id: 'kserve-2', absent: 'NOT_FOUND' })
  for (const id of ['kserve-1/19', 'kserve-2/0']) await served.recordedOf((row) => row.id === id)
})

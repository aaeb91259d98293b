import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { type Control, expectedOf, startControl, startInference, temporaryDirectory } from './stand.ts'

const user = { actor: 'user/test' }
const numRuns = Number(process.env.KEDGE_TEST_FUZZ ?? 300)
const delay = expectedOf('delay-1').instances
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor
let at: string

beforeAll(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`)
  inference = await startInference(control.address, `${directory.path}/inference`)
  at = inference.addresses!.http
  await control.version('delay', 'delay-1')
  await control.serving.endpoints.put(user, 'default', 'delay', { model: 'delay' })
  await control.serving.deploy(user, 'default', { name: 'delay', model: 'delay/1' })
})
afterAll(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

const good: Record<string, string> = {
  'endpoints/delay/predict': JSON.stringify({
    instances: delay.slice(0, 2).map((features, i) => ({ id: `i${i}`, time: 1, features })),
  }),
  'endpoints/delay/invocations': JSON.stringify({
    dataframe_split: {
      columns: ['distance', 'hour', 'origin'],
      data: delay.slice(0, 2).map((row) => [row.distance, row.hour, row.origin]),
    },
  }),
  'v2/models/delay/infer': JSON.stringify({
    inputs: [
      { name: 'distance', datatype: 'FP32', shape: [1, 1], data: [1] },
      { name: 'hour', datatype: 'FP32', shape: [1, 1], data: [1] },
      { name: 'origin', datatype: 'BYTES', shape: [1, 1], data: ['SJC'] },
    ],
  }),
}

/** A value of JSON in which some leaf or branch is another one. */
const mutated = (text: string) =>
  fc.tuple(fc.nat(1000), fc.jsonValue()).map(([n, value]) => {
    let left = n % 17
    return JSON.stringify(JSON.parse(text), (_key, old) => (left-- === 0 ? value : old)) ?? 'null'
  })
const bytes = (text: string) =>
  fc.array(fc.tuple(fc.nat(text.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }).map((changes) => {
    const buffer = Buffer.from(text)
    for (const [place, byte] of changes) buffer[place] = byte
    return buffer
  })

test('no mutated request brings the process down or is called its own fault', async () => {
  const paths = Object.keys(good)
  await fc.assert(
    fc.asyncProperty(
      fc
        .constantFrom(...paths)
        .chain((path) => fc.tuple(fc.constant(path), fc.oneof(mutated(good[path]!), bytes(good[path]!)))),
      fc.option(fc.oneof(fc.nat(400).map(String), fc.string({ unit: fc.constantFrom(...'0123456789-.x') })), {
        nil: undefined,
      }),
      async ([path, body], headerLength) => {
        const answer = await fetch(`${at}/${path}`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(headerLength ? { 'inference-header-content-length': headerLength } : {}),
          },
          body,
        })
        const text = await answer.text()
        expect(answer.status, `${path} ${body} → ${text}`).toBeLessThan(500)
        expect(() => JSON.parse(text)).not.toThrow()
      },
    ),
    { numRuns },
  )
  expect(inference.restarts).toBe(0)
})

test('bytes that are no HTTP end with a refusal or a closed connection', async () => {
  const { hostname, port } = new URL(at)
  const send = (content: Uint8Array) =>
    new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.end(content))
      socket.on('data', () => {})
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
    })
  const head = 'POST /endpoints/delay/predict HTTP/1.1\r\nhost: localhost\r\n'
  const smuggled = [
    `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n`,
    `${head}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!`,
    `${head}content-length: -1\r\n\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n`,
    `${head}content-length: 9223372036854775808\r\n\r\n{}`,
  ]
  for (const text of smuggled) await send(Buffer.from(text))
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), send), { numRuns: 50 })
  expect((await fetch(`${at}/health`)).status).toBe(200)
  expect(inference.restarts).toBe(0)
  await control.serving.endpoints.get('default', 'delay')
})

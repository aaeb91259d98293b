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

const [row] = delay as [Record<string, number | string>]
const v2 = 'v2/models/delay/infer'
const tensors = [
  { name: 'distance', datatype: 'FP32', shape: [1, 1], data: [row.distance] },
  { name: 'hour', datatype: 'FP32', shape: [1, 1], data: [row.hour] },
  { name: 'origin', datatype: 'BYTES', shape: [1, 1], data: [row.origin] },
]
const json = (path: string, value: unknown) => ({
  path,
  body: JSON.stringify(value),
  type: 'application/json',
  length: '',
})
/** three tensors as bytes, behind their JSON */
const binary = (() => {
  const origin = Buffer.from(String(row.origin))
  const bytes = Buffer.concat([
    Buffer.from(Float32Array.of(Number(row.distance), Number(row.hour)).buffer),
    Buffer.from(Uint32Array.of(origin.length).buffer),
    origin,
  ])
  const sizes = [4, 4, 4 + origin.length]
  const header = JSON.stringify({
    inputs: tensors.map(({ data: _, ...tensor }, i) => ({ ...tensor, parameters: { binary_data_size: sizes[i] } })),
    outputs: [{ name: 'probabilities', parameters: { binary_data: true } }],
    parameters: { timeout: 60_000_000, priority: 1 },
  })
  const body = `${header}${bytes.toString('latin1')}`
  return { path: v2, body, type: 'application/octet-stream', length: String(header.length) }
})()
const good = [
  json('endpoints/delay/predict', {
    instances: delay.slice(0, 2).map((features, i) => ({ id: `i${i}`, time: 1, features })),
    timeout: 60_000,
    priority: 2,
    explain: false,
  }),
  json('endpoints/delay/invocations', {
    dataframe_split: {
      columns: ['distance', 'hour', 'origin'],
      data: delay.slice(0, 2).map((one) => [one.distance, one.hour, one.origin]),
    },
    params: {},
  }),
  json('endpoints/delay/invocations', { inputs: { distance: [1], hour: [[2]], origin: ['SJC'] } }),
  {
    path: 'endpoints/delay/invocations',
    body: `distance,hour,origin\n1,2,"SJC"\n`,
    type: 'text/csv; charset=utf-8',
    length: '',
  },
  json(v2, { id: 'a', inputs: tensors, parameters: { event_time: 1, binary_data_output: true } }),
  json('v2/repository/index', { ready: true }),
  json('v2/repository/models/delay/load', { parameters: {} }),
  binary,
]

/** The text of JSON in which some leaf or branch is another one. */
const mutated = (text: string) =>
  fc.tuple(fc.nat(1000), fc.jsonValue()).map(([n, value]) => {
    let left = n % 31
    return Buffer.from(JSON.stringify(JSON.parse(text), (_key, old) => (left-- === 0 ? value : old)) ?? 'null')
  })
const bytes = (text: string) =>
  fc.array(fc.tuple(fc.nat(text.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }).map((changes) => {
    const buffer = Buffer.from(text, 'latin1')
    for (const [place, byte] of changes) buffer[place] = byte
    return buffer
  })
const cut = (text: string) => fc.nat(text.length).map((length) => Buffer.from(text.slice(0, length), 'latin1'))
const lie = fc.oneof(fc.nat(400).map(String), fc.string({ unit: fc.constantFrom(...'0123456789-.x') }))

test('no mutated request brings the process down or is called its own fault', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc
        .constantFrom(...good)
        .chain((seed) =>
          fc.tuple(
            fc.constant(seed),
            seed.type === 'application/json'
              ? fc.oneof(mutated(seed.body), bytes(seed.body))
              : fc.oneof({ arbitrary: bytes(seed.body), weight: 4 }, cut(seed.body)),
            fc.oneof({ arbitrary: fc.constant(seed.length), weight: 4 }, lie),
          ),
        ),
      async ([{ path, type }, body, length]) => {
        const answer = await fetch(`${at}/${path}`, {
          method: 'POST',
          headers: { 'content-type': type, ...(length ? { 'inference-header-content-length': length } : {}) },
          body,
        })
        const content = Buffer.from(await answer.arrayBuffer())
        const header = answer.headers.get('inference-header-content-length')
        const text = content.subarray(0, header === null ? content.length : Number(header)).toString()
        // a mutated timeout may be over before the model is called
        if (answer.status !== 504) expect(answer.status, `${path} ${body} → ${text}`).toBeLessThan(500)
        expect(() => JSON.parse(text)).not.toThrow()
      },
    ),
    { numRuns },
  )
  expect(inference.restarts).toBe(0)
}, 3_600_000)

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

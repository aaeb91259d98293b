import { type Client, credentials, makeGenericClientConstructor, status } from '@grpc/grpc-js'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inferenceProtos } from '../../src/protocols/open-inference/protos.ts'
import { type ServedModels, serveModels } from './served-models.ts'
import { expectedOf } from './stand.ts'

const numRuns = Number(process.env.KEDGE_TEST_FUZZ ?? 300)
const [row] = expectedOf('delay-1').instances as [Record<string, number | string>]
const root = inferenceProtos()
const service = root.lookupService('inference.GRPCInferenceService')
const raw = { requestSerialize: (bytes: Buffer) => bytes, responseDeserialize: (bytes: Buffer) => bytes }
const methods = service.methodsArray.map((method) => ({
  name: method.name,
  request: service.lookupType(method.requestType),
  response: service.lookupType(method.responseType),
  stream: method.requestStream === true,
}))
type Method = (typeof methods)[number]
let served: ServedModels
let client: Client &
  Record<string, (bytes: Buffer, options: object, done: (error: unknown, answer: Buffer) => void) => void>

beforeAll(async () => {
  served = await serveModels({ delay: 'delay-1' })
  const definition = Object.fromEntries(
    methods.map(({ name, stream }) => [
      name,
      {
        ...raw,
        path: `/inference.GRPCInferenceService/${name}`,
        requestStream: stream,
        responseStream: stream,
        requestDeserialize: raw.responseDeserialize,
        responseSerialize: raw.requestSerialize,
      },
    ]),
  )
  const Service = makeGenericClientConstructor(definition, 'inference')
  client = new Service(served.inference.addresses!.grpc.replace('grpc://', ''), credentials.createInsecure()) as never
})
afterAll(async () => {
  client?.close()
  await served?.stop()
})

const tensor = (name: string, contents: object) => ({
  name,
  datatype: name === 'origin' ? 'BYTES' : 'FP32',
  shape: [1, 1],
  contents,
})
const float = (value: number | string) => Buffer.from(Float32Array.of(Number(value)).buffer)
const origin = Buffer.from(String(row.origin))
const good: Record<string, object[]> = {
  ModelInfer: [
    {
      model_name: 'delay',
      id: 'a',
      parameters: { event_time: { int64_param: 1 }, timeout: { uint64_param: 60_000_000 } },
      outputs: [{ name: 'probabilities', parameters: { binary_data: { bool_param: true } } }],
      inputs: [
        tensor('distance', { fp32_contents: [row.distance] }),
        tensor('hour', { fp32_contents: [row.hour] }),
        tensor('origin', { bytes_contents: [origin] }),
      ],
    },
    {
      model_name: 'delay',
      model_version: '1',
      inputs: ['distance', 'hour', 'origin'].map((name) => tensor(name, {})),
      raw_input_contents: [
        float(row.distance!),
        float(row.hour!),
        Buffer.concat([Buffer.from(Uint32Array.of(origin.length).buffer), origin]),
      ],
    },
  ],
  RepositoryModelLoad: [{ model_name: 'delay', parameters: { config: { string_param: '{}' } } }],
}
good.ModelStreamInfer = good.ModelInfer!
const seeds = methods.flatMap((method) =>
  (good[method.name] ?? [{ name: 'delay', version: '1' }]).map((request) => ({
    method,
    bytes: Buffer.from(method.request.encode(method.request.fromObject(request)).finish()),
  })),
)

type Change = [place: number, kind: 'byte' | 'insert' | 'remove' | 'repeat', byte: number]
const change = fc.tuple(
  fc.nat(1000),
  fc.constantFrom('byte' as const, 'insert' as const, 'remove' as const, 'repeat' as const),
  fc.nat(255),
)
function mutate(bytes: Buffer, changes: readonly Change[]): Buffer {
  let changed = Buffer.from(bytes)
  for (const [place, kind, byte] of changes) {
    const at = changed.length === 0 ? 0 : place % changed.length
    const [before, after] = [changed.subarray(0, at), changed.subarray(at)]
    if (kind === 'byte' && changed.length > 0) changed[at] = byte
    else if (kind === 'insert') changed = Buffer.concat([before, Buffer.from([byte]), after])
    else if (kind === 'remove') changed = Buffer.concat([before, after.subarray(1 + (byte % 8))])
    else changed = Buffer.concat([before, after, after.subarray(0, byte)])
  }
  return changed
}

interface Answer {
  code: number
  details?: string
  bytes?: Buffer
}

function unary(method: Method, bytes: Buffer): Promise<Answer> {
  return new Promise((resolve) => {
    client[method.name]!(bytes, { deadline: Date.now() + 30_000 }, (error, answer) =>
      resolve(error ? (error as Answer) : { code: status.OK, bytes: answer }),
    )
  })
}

function streamed(method: Method, bytes: Buffer): Promise<Answer> {
  return new Promise((resolve) => {
    const call = (
      client as unknown as Record<
        string,
        (options: object) => import('@grpc/grpc-js').ClientDuplexStream<Buffer, Buffer>
      >
    )[method.name]!({ deadline: Date.now() + 30_000 })
    let last: Buffer | undefined
    call.on('data', (answer: Buffer) => {
      last = answer
    })
    call.on('error', () => {})
    call.on('status', (end) => resolve({ code: end.code, details: end.details, ...(last ? { bytes: last } : {}) }))
    call.write(bytes)
    call.write(bytes)
    call.end()
  })
}

const callersFault = [
  status.OK,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.UNIMPLEMENTED,
  // a mutated timeout may be over before the model is called
  status.DEADLINE_EXCEEDED,
]

test('no mutated message brings the process down or is called its own fault', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...seeds),
      fc.oneof(
        { arbitrary: fc.array(change, { minLength: 1, maxLength: 6 }), weight: 9 },
        { arbitrary: fc.uint8Array({ maxLength: 200 }), weight: 1 },
      ),
      async ({ method, bytes }, how) => {
        const message = how instanceof Uint8Array ? Buffer.from(how) : mutate(bytes, how)
        const answer = await (method.stream ? streamed : unary)(method, message)
        expect(callersFault, `${method.name} ${message.toString('hex')} → ${answer.details}`).toContain(answer.code)
        if (answer.bytes) method.response.decode(answer.bytes)
      },
    ),
    { numRuns },
  )
  expect(served.inference.restarts).toBe(0)
  expect((await unary(seeds[0]!.method, seeds[0]!.bytes)).code).toBe(status.OK)
}, 3_600_000)

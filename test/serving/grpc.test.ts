import { status } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor/index.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inferenceProtos } from '../../src/protocols/open-inference/protos.ts'
import { grpcClient, unary } from './grpc-client.ts'
import { type ServedModels, serveModels } from './served-models.ts'
import { expectedOf } from './stand.ts'

const matrix = expectedOf('matrix')
let served: ServedModels
let client: ReturnType<typeof grpcClient>

beforeAll(async () => {
  served = await serveModels({ matrix: 'matrix' })
  client = grpcClient(served.inference.addresses!.grpc, 'inference.GRPCInferenceService')
})
afterAll(async () => {
  client?.close()
  await served?.stop()
})

const call = <T = Record<string, never>>(method: string, request: object = {}) => unary<T>(client, method, request)
const input = (rows: number, more: object = {}) => ({
  name: 'X',
  datatype: 'FP32',
  shape: [rows, 20],
  contents: { fp32_contents: matrix.rows.slice(0, rows).flat() },
  ...more,
})
interface Infer {
  id: string
  outputs: { name: string; contents: { fp32_contents: number[] } }[]
}

describe('the methods', () => {
  test('tell of server and model', async () => {
    expect(await call('ServerLive')).toEqual({ live: true })
    expect(await call('ServerReady')).toEqual({ ready: true })
    expect(await call('ModelReady', { name: 'matrix', version: '1' })).toEqual({ ready: true })
    expect(await call('ServerMetadata')).toMatchObject({ name: 'kedge' })
    expect(await call('ModelMetadata', { name: 'matrix' })).toMatchObject({
      versions: ['1'],
      inputs: [{ name: 'X', datatype: 'FP32', shape: ['-1', '20'] }],
    })
    expect(await call('ModelConfig', { name: 'matrix' })).toMatchObject({
      config: { name: 'matrix', max_batch_size: 65_536, input: [{ name: 'X', data_type: 'TYPE_FP32', dims: ['20'] }] },
    })
    await call('ModelInfer', { model_name: 'matrix', inputs: [input(3)] })
    const { model_stats } = await call<{ model_stats: { inference_count: string; execution_count: string }[] }>(
      'ModelStatistics',
      { name: 'matrix' },
    )
    expect(Number(model_stats[0]!.inference_count)).toBeGreaterThanOrEqual(3)
    expect(Number(model_stats[0]!.execution_count)).toBeGreaterThanOrEqual(1)
    expect(await call('RepositoryIndex')).toMatchObject({ models: [{ name: 'matrix', version: '1', state: 'READY' }] })
    expect(await call('RepositoryModelLoad', { model_name: 'matrix' })).toEqual({})
  })

  test.each([
    ['ModelReady', { name: 'none' }, status.NOT_FOUND],
    ['ModelReady', { name: 'matrix', version: 'x' }, status.NOT_FOUND],
    ['ModelMetadata', { name: 'matrix', version: '7' }, status.NOT_FOUND],
    ['RepositoryModelLoad', { model_name: 'none' }, status.NOT_FOUND],
    [
      'RepositoryModelLoad',
      { model_name: 'matrix', parameters: { config: { string_param: '{}' } } },
      status.UNIMPLEMENTED,
    ],
    ['RepositoryModelUnload', { model_name: 'matrix' }, status.UNIMPLEMENTED],
    ['SystemSharedMemoryStatus', {}, status.UNIMPLEMENTED],
    ['SystemSharedMemoryRegister', { name: 'a' }, status.UNIMPLEMENTED],
    ['SystemSharedMemoryUnregister', {}, status.UNIMPLEMENTED],
    ['CudaSharedMemoryStatus', {}, status.UNIMPLEMENTED],
    ['CudaSharedMemoryRegister', { name: 'a' }, status.UNIMPLEMENTED],
    ['CudaSharedMemoryUnregister', {}, status.UNIMPLEMENTED],
  ])('%s of %j is refused', async (method, request, code) => {
    await expect(call(method, request)).rejects.toMatchObject({ code, details: expect.stringMatching(/./) })
  })

  test.each([
    ['a model that is not there', { model_name: 'none' }, status.NOT_FOUND],
    ['no inputs', { inputs: [] }, status.INVALID_ARGUMENT],
    ['a datatype that is none', { inputs: [input(1, { datatype: 'FP31' })] }, status.INVALID_ARGUMENT],
    ['too few elements', { inputs: [input(1, { shape: [2, 20] })] }, status.INVALID_ARGUMENT],
    ['a negative size', { inputs: [input(1, { shape: [-1, 20] })] }, status.INVALID_ARGUMENT],
    ['a size of 2^62', { inputs: [input(1, { shape: ['4611686018427387904', 20] })] }, status.INVALID_ARGUMENT],
    [
      'typed contents beside raw ones',
      { inputs: [input(1)], raw_input_contents: [Buffer.alloc(80)] },
      status.INVALID_ARGUMENT,
    ],
    [
      'more raw contents than inputs',
      { inputs: [input(1)], raw_input_contents: [Buffer.alloc(80), Buffer.alloc(1)] },
      status.INVALID_ARGUMENT,
    ],
    [
      'raw contents of an odd length',
      { inputs: [input(1, { contents: null })], raw_input_contents: [Buffer.alloc(79)] },
      status.INVALID_ARGUMENT,
    ],
    ['an output that is not there', { inputs: [input(1)], outputs: [{ name: 'none' }] }, status.INVALID_ARGUMENT],
    [
      'classification',
      { inputs: [input(1)], outputs: [{ name: 'label', parameters: { classification: { int64_param: 3 } } }] },
      status.UNIMPLEMENTED,
    ],
    [
      'a tensor in shared memory',
      { inputs: [input(1, { contents: null, parameters: { shared_memory_region: { string_param: 'a' } } })] },
      status.UNIMPLEMENTED,
    ],
    ['a sequence', { inputs: [input(1)], parameters: { sequence_id: { int64_param: 4 } } }, status.UNIMPLEMENTED],
    [
      'an event time that is none',
      { inputs: [input(1)], parameters: { event_time: { string_param: 'x' } } },
      status.INVALID_ARGUMENT,
    ],
    ['an id of 201 characters', { inputs: [input(1)], id: 'x'.repeat(201) }, status.INVALID_ARGUMENT],
    [
      'more than the limit of a message',
      { inputs: [input(1, { contents: { bytes_contents: [Buffer.alloc(65 * 2 ** 20)] } })] },
      status.RESOURCE_EXHAUSTED,
    ],
  ])('ModelInfer with %s is refused', async (_what, request, code) => {
    await expect(call('ModelInfer', { model_name: 'matrix', ...request })).rejects.toMatchObject({ code })
    expect(served.inference.restarts).toBe(0)
  })

  test('parameters say when it happened, how long it may take and what goes first', async () => {
    const parameters = {
      event_time: { int64_param: 981_936_000_000 },
      timeout: { uint64_param: 30_000_000 },
      priority: { uint64_param: 1 },
      other: { string_param: 'passes' },
      empty: {},
    }
    await call('ModelInfer', { model_name: 'matrix', id: 'timed', parameters, inputs: [input(1)] })
    expect((await served.recordedOf((row) => row.id === 'timed')).time).toBe(981_936_000_000)
  })

  test('a call that is cancelled or out of time ends so, and others are answered', async () => {
    const infer = (client as unknown as Record<string, (...all: unknown[]) => { cancel(): void }>).ModelInfer!
    const cancelled = Promise.all(
      Array.from({ length: 20 }, () => {
        const { promise, resolve } = Promise.withResolvers<number>()
        infer
          .call(client, { model_name: 'matrix', inputs: [input(20)] }, (error: { code: number }) => resolve(error.code))
          .cancel()
        return promise
      }),
    )
    const others = await Promise.all(
      Array.from({ length: 20 }, () => call<Infer>('ModelInfer', { model_name: 'matrix', inputs: [input(1)] })),
    )
    expect(others.every(({ outputs }) => outputs[1]!.contents.fp32_contents.length === 2)).toBe(true)
    expect(new Set(await cancelled)).toEqual(new Set([status.CANCELLED]))
    const late = { model_name: 'matrix', inputs: [input(1)], parameters: { timeout: { uint64_param: 1 } } }
    await call('ModelInfer', late).catch((error) => expect(error.code).toBe(status.DEADLINE_EXCEEDED))
    const { live } = await served.control.serving.endpoints.get('default', 'matrix')
    expect(live.errors).toBe(0)
  })

  test('a parameter that is sent without a value is none', async () => {
    const type = inferenceProtos().lookupType('inference.ModelInferRequest')
    const request = type.encode(type.fromObject({ model_name: 'matrix', inputs: [input(1)] })).finish()
    // an entry of the parameters with the key b and nothing else
    const odd = Buffer.concat([request, Buffer.from([0x22, 3, 0x0a, 1, 0x62])])
    const { promise, resolve } = Promise.withResolvers<unknown>()
    client.makeUnaryRequest(
      '/inference.GRPCInferenceService/ModelInfer',
      () => odd,
      (answer: Buffer) => type.decode(answer) as object,
      {},
      (error, answer) => resolve(error ?? answer),
    )
    expect(await promise).not.toHaveProperty('code')
  })

  test('a stream answers in the order of its requests, errors between them', async () => {
    const stream = (
      client as unknown as { ModelStreamInfer(): import('@grpc/grpc-js').ClientDuplexStream<object, never> }
    ).ModelStreamInfer()
    const answers: { error_message: string; infer_response: Infer }[] = []
    stream.on('data', (answer: never) => answers.push(answer))
    const ended = new Promise((resolve, reject) => {
      stream.on('end', resolve)
      stream.on('error', reject)
    })
    for (let i = 0; i < 200; i++)
      stream.write({ model_name: i % 10 === 9 ? 'none' : 'matrix', id: `s${i}`, inputs: [input((i % 5) + 1)] })
    stream.end()
    await ended
    expect(answers.map(({ infer_response }) => infer_response.id)).toEqual(answers.map((_, i) => `s${i}`))
    expect(answers).toHaveLength(200)
    answers.forEach((answer, i) => {
      if (i % 10 === 9) expect(answer.error_message).toContain('none does not exist')
      else expect(answer.infer_response.outputs[1]!.contents.fp32_contents).toHaveLength(2 * ((i % 5) + 1))
    })
  })
})

describe('health and reflection', () => {
  test('health knows the server and its service, and nothing else', async () => {
    const healthClient = grpcClient(served.inference.addresses!.grpc, 'grpc.health.v1.Health')
    const check = (service: string) => unary<{ status: string }>(healthClient, 'Check', { service })
    expect(await check('')).toEqual({ status: 'SERVING' })
    expect(await check('inference.GRPCInferenceService')).toEqual({ status: 'SERVING' })
    await expect(check('none')).rejects.toMatchObject({ code: status.NOT_FOUND })
    const watch = (
      healthClient as unknown as {
        Watch(request: object): import('@grpc/grpc-js').ClientReadableStream<{ status: string }>
      }
    ).Watch({ service: 'none' })
    watch.on('error', () => {})
    expect(await new Promise((resolve) => watch.once('data', resolve))).toEqual({ status: 'SERVICE_UNKNOWN' })
    watch.cancel()
    healthClient.close()
  })

  test.each(['v1', 'v1alpha'])('reflection %s gives files from which a client can be made', async (version) => {
    const reflection = grpcClient(served.inference.addresses!.grpc, `grpc.reflection.${version}.ServerReflection`)
    const stream = (
      reflection as unknown as { ServerReflectionInfo(): import('@grpc/grpc-js').ClientDuplexStream<object, never> }
    ).ServerReflectionInfo()
    const ask = async (request: object) => {
      const answer = new Promise((resolve) => stream.once('data', resolve))
      stream.write(request)
      return (await answer) as never
    }
    expect(await ask({ list_services: '' })).toMatchObject({
      list_services_response: {
        service: expect.arrayContaining([
          { name: 'inference.GRPCInferenceService' },
          { name: 'grpc.health.v1.Health' },
          { name: `grpc.reflection.${version}.ServerReflection` },
        ]),
      },
    })
    const { file_descriptor_response } = (await ask({
      file_containing_symbol: 'inference.GRPCInferenceService.ModelInfer',
    })) as {
      file_descriptor_response: { file_descriptor_proto: Buffer[] }
    }
    const file = descriptor.FileDescriptorProto.decode(Buffer.from(file_descriptor_response.file_descriptor_proto[0]!))
    const root = (protobuf.Root as unknown as { fromDescriptor(set: object): protobuf.Root }).fromDescriptor({
      file: [file],
    })
    expect(root.lookupType('inference.ModelInferRequest').fields.raw_input_contents).toMatchObject({
      id: 7,
      type: 'bytes',
    })
    expect(root.lookupService('inference.GRPCInferenceService').methods.ModelStreamInfer).toMatchObject({
      requestStream: true,
      responseStream: true,
    })
    expect(await ask({ file_by_filename: (file as unknown as { name: string }).name })).toMatchObject({
      file_descriptor_response: { file_descriptor_proto: [expect.anything()] },
    })
    expect(await ask({ file_containing_symbol: 'no.such.Thing' })).toMatchObject({ error_response: { error_code: 5 } })
    stream.end()
    reflection.close()
  })
})

import { connect } from 'node:http2'
import protobuf from 'protobufjs'
import type { LoadResult } from '../../src/cli/bench/load-client.ts'
import { frame } from '../../src/protocols/grpc/frames.ts'

const { root } = protobuf.parse(`
  syntax = "proto3";
  package inference;
  message InferParameter { oneof parameter_choice { bool bool_param = 1; int64 int64_param = 2; string string_param = 3; } }
  message InferTensorContents {
    repeated bool bool_contents = 1; repeated int32 int_contents = 2; repeated int64 int64_contents = 3;
    repeated uint32 uint_contents = 4; repeated uint64 uint64_contents = 5; repeated float fp32_contents = 6;
    repeated double fp64_contents = 7; repeated bytes bytes_contents = 8;
  }
  message ModelInferRequest {
    message InferInputTensor {
      string name = 1; string datatype = 2; repeated int64 shape = 3;
      map<string, InferParameter> parameters = 4; InferTensorContents contents = 5;
    }
    message InferRequestedOutputTensor { string name = 1; map<string, InferParameter> parameters = 2; }
    string model_name = 1; string model_version = 2; string id = 3; map<string, InferParameter> parameters = 4;
    repeated InferInputTensor inputs = 5; repeated InferRequestedOutputTensor outputs = 6;
    repeated bytes raw_input_contents = 7;
  }
  message ModelInferResponse {
    message InferOutputTensor {
      string name = 1; string datatype = 2; repeated int64 shape = 3;
      map<string, InferParameter> parameters = 4; InferTensorContents contents = 5;
    }
    string model_name = 1; string model_version = 2; string id = 3; map<string, InferParameter> parameters = 4;
    repeated InferOutputTensor outputs = 5; repeated bytes raw_output_contents = 6;
  }`)
const requestType = root.lookupType('inference.ModelInferRequest')
const responseType = root.lookupType('inference.ModelInferResponse')

interface Answer {
  outputs: { name: string; datatype: string; contents?: { fp32Contents?: number[]; fp64Contents?: number[] } }[]
  rawOutputContents: Uint8Array[]
}

/** A `ModelInferRequest` with one FP32 matrix as raw bytes, as Triton's client sends it. */
export const grpcRequest = (model: string, input: string, output: string, rows: readonly number[][]): Buffer =>
  Buffer.from(
    requestType
      .encode({
        modelName: model,
        inputs: [{ name: input, datatype: 'FP32', shape: [rows.length, rows[0]!.length] }],
        outputs: [{ name: output }],
        rawInputContents: [Buffer.from(Float32Array.from(rows.flat()).buffer)],
      })
      .finish(),
  )

/** The numbers of the first output. */
export function grpcScores(bytes: Buffer): number[] {
  const { outputs, rawOutputContents } = responseType.decode(bytes) as unknown as Answer
  const raw = rawOutputContents[0]
  const { datatype, contents } = outputs[0]!
  if (raw?.length) {
    const copy = Uint8Array.from(raw).buffer
    return [...(datatype === 'FP64' ? new Float64Array(copy) : new Float32Array(copy))]
  }
  return contents?.fp64Contents?.length ? contents.fp64Contents : (contents?.fp32Contents ?? [])
}

/** A connection with calls as they go over the wire: a library's own cost would count against the server beside it. */
function connectTo(address: string) {
  const session = connect(`http://${address}`)
  const head = {
    ':method': 'POST',
    ':path': '/inference.GRPCInferenceService/ModelInfer',
    'content-type': 'application/grpc',
    te: 'trailers',
  }
  const infer = (framed: Buffer) =>
    new Promise<Buffer>((resolve, reject) => {
      const stream = session.request(head)
      const chunks: Buffer[] = []
      let status: string | undefined
      let details: string | undefined
      const look = (headers: Record<string, unknown>) => {
        status ??= headers['grpc-status'] as string | undefined
        details ??= headers['grpc-message'] as string | undefined
      }
      stream.on('response', look)
      stream.on('trailers', look)
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('error', reject)
      stream.on('close', () => {
        if (status === '0') resolve(Buffer.concat(chunks).subarray(5))
        else reject(Object.assign(new Error(details), { code: Number(status ?? -1), details }))
      })
      stream.end(framed)
    })
  return { close: () => session.close(), infer }
}

/** One call. */
export async function grpcOnce(address: string, request: Buffer): Promise<Buffer> {
  const { close, infer } = connectTo(address)
  try {
    return await infer(frame(request))
  } finally {
    close()
  }
}

/** As `loadOverHttp`, over gRPC: `connections` connections with one call in flight on each. */
export async function loadOverGrpc(
  address: string,
  requests: readonly Buffer[],
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const framed = requests.map(frame)
  const latencies: number[] = []
  const failures: LoadResult['failures'] = {}
  let failed = 0
  let next = 0
  const started = performance.now()
  const end = started + seconds * 1000
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const { close, infer } = connectTo(address)
      while (performance.now() < end) {
        const sent = performance.now()
        try {
          await infer(framed[next++ % framed.length]!)
        } catch (error) {
          failed++
          const { code, details } = error as { code: number; details: string }
          failures[code] ??= { count: 0, answer: details }
          failures[code].count++
        }
        latencies.push(performance.now() - sent)
      }
      close()
    }),
  )
  return {
    requests: latencies.length,
    failed,
    failures,
    seconds: (performance.now() - started) / 1000,
    latencies: Float64Array.from(latencies).sort(),
  }
}

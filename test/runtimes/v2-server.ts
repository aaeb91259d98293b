/**
 * A server of the Open Inference Protocol as a user might have one: `node v2-server.ts FOLDER [json]` serves the ONNX model
 * of a folder at $PORT. It dies of a distance of −1, and never answers one of −2.
 */
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import onnx from '../../src/adapters/runtimes/onnx.ts'
import type { Datatype, Tensor } from '../../src/contracts/model-runtime.ts'
import { decodeTensorBytes, encodeTensorBytes } from '../../src/protocols/open-inference/tensor-bytes.ts'

const [, , folder, mode] = process.argv
const model = await onnx.load(folder!)
const binary = mode !== 'json'

interface Input {
  name: string
  datatype: Datatype
  shape: number[]
  data?: (number | string)[]
  parameters?: { binary_data_size: number }
}

const server = createServer(async (request, response) => {
  const answer = (status: number, body: unknown, bytes: Buffer[] = [], headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(Buffer.concat([Buffer.from(JSON.stringify(body)), ...bytes]))
  }
  if (request.url === '/v2') return answer(200, { name: 'own', extensions: binary ? ['binary_tensor_data'] : [] })
  if (request.url === '/v2/models/delay/ready') return answer(200, { ready: true })
  if (request.url === '/v2/models/delay')
    return answer(200, { name: 'delay', platform: 'own', inputs: model.inputs, outputs: model.outputs })
  if (request.url !== '/v2/models/delay/infer') return answer(404, { error: `there is no ${request.url}` })
  const body = await buffer(request)
  const length = request.headers['inference-header-content-length']
  const head = length === undefined ? body.length : Number(length)
  const asked = JSON.parse(body.toString('utf8', 0, head)) as { inputs: Input[]; outputs?: { name: string }[] }
  let at = head
  try {
    const tensors = asked.inputs.map(({ name, datatype, shape, data, parameters }): Tensor => {
      const size = parameters?.binary_data_size
      if (size === undefined)
        return {
          name,
          datatype,
          shape,
          data: datatype === 'BYTES' ? (data as string[]) : Float32Array.from(data as number[]),
        }
      at += size
      return { name, datatype, shape, data: decodeTensorBytes(name, datatype, body.subarray(at - size, at)) }
    })
    const distance = tensors.find((tensor) => tensor.name === 'distance')?.data[0]
    if (distance === -1) process.exit(7)
    if (distance === -2) return
    const outputs = await model.infer(
      tensors,
      asked.outputs?.map((output) => output.name),
    )
    const bytes = binary ? outputs.map((output) => encodeTensorBytes(output.data)) : []
    const described = outputs.map(({ data, ...output }, i) => ({
      ...output,
      ...(binary ? { parameters: { binary_data_size: bytes[i]!.length } } : { data: Array.from(data, plain) }),
    }))
    const text = JSON.stringify({ model_name: 'delay', outputs: described })
    answer(
      200,
      JSON.parse(text),
      bytes,
      binary ? { 'inference-header-content-length': String(Buffer.byteLength(text)) } : {},
    )
  } catch (error) {
    answer(400, { error: (error as Error).message })
  }
})
const plain = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value)
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`listens at ${(server.address() as { port: number }).port}`)
})

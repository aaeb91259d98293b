// A process of its own: models and converters run here and in the processes that it starts, never in control.
import { runtimes } from '../adapters/runtimes/index.generated.ts'
import { convertToOnnx } from '../adapters/runtimes/python/convert-to-onnx.ts'
import type { ModelRuntime } from '../contracts/model-runtime.ts'
import { asKedgeError } from '../errors.ts'
import type { ConvertAnswer, ConvertRequest } from './conversion.ts'
import { convertModel, keepBeside } from './convert-model.ts'

const timeout = 10 * 60_000
const memory = 8 * 2 ** 30
const runtimeOf = (kind: string) => runtimes.find((one) => one.kind === kind) as ModelRuntime

process.once('message', async (request: ConvertRequest) => {
  let answer: ConvertAnswer
  try {
    const result = await convertModel(request, {
      python: runtimeOf('mlflow'),
      onnx: runtimeOf('onnx'),
      convert: (folder, target, precision) =>
        convertToOnnx(folder, target, precision, {
          python: request.python,
          environments: request.environments,
          timeout,
          memory,
          print: (line) => console.error(line),
        }),
    })
    if (result.state === 'converted') await keepBeside(request.folder, request.target)
    answer = { result }
  } catch (thrown) {
    const error = asKedgeError(thrown)
    if (error.class === 'internal') console.error(thrown)
    answer = { error: { code: error.code, details: error.details, todo: error.todo } }
  }
  process.send!(answer, () => process.exit(0))
})
process.once('disconnect', () => process.exit(1))

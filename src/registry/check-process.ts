// A process of its own, under limits: a model that nobody has looked at yet is read and loaded here first.
import { runtimes } from '../adapters/runtimes/index.generated.ts'
import type { ModelRuntime } from '../contracts/model-runtime.ts'
import { asKedgeError } from '../errors.ts'
import type { CheckAnswer, CheckRequest } from './check-models.ts'

process.once('message', async ({ folder, kind }: CheckRequest) => {
  let answer: CheckAnswer = {}
  try {
    const runtime: ModelRuntime | undefined = runtimes.find((candidate) => candidate.kind === kind)
    await runtime?.check?.(folder)
  } catch (thrown) {
    const error = asKedgeError(thrown)
    if (error.class === 'internal') console.error(thrown)
    answer = { error: { code: error.code, details: error.details } }
  }
  process.send!(answer, () => process.exit(0))
})
process.once('disconnect', () => process.exit(1))

// A process of its own: models run here, never in the control process.
import { runtimes } from '../adapters/runtimes/index.generated.ts'
import { asKedgeError } from '../errors.ts'
import { scoreGate } from './score-gate.ts'
import type { ScoringAnswer, ScoringRequest } from './scoring.ts'

process.once('message', async (request: ScoringRequest) => {
  let answer: ScoringAnswer
  try {
    answer = { result: await scoreGate(request, runtimes) }
  } catch (thrown) {
    const error = asKedgeError(thrown)
    if (error.class === 'internal') console.error(thrown)
    answer = { error: { code: error.code, details: error.details, todo: error.todo } }
  }
  process.send!(answer, () => process.exit(0))
})
// the parent is gone: nobody waits for the answer
process.once('disconnect', () => process.exit(1))

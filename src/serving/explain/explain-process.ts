/**
 * A process of its own that explains: models and attributions are computed here, so that neither control nor predictions
 * wait for them. It does one request after the other.
 */
import { explainers } from '../../adapters/explainers/index.generated.ts'
import { modelStructures } from '../../adapters/model-structures/index.generated.ts'
import { runtimes } from '../../adapters/runtimes/index.generated.ts'
import { asKedgeError } from '../../errors.ts'
import { createExplaining } from './explaining.ts'
import type { AsideAnswer, AsideRequest } from './explanation.ts'

const explaining = createExplaining({
  runtimes,
  readers: modelStructures,
  explainers,
  now: () => performance.now(),
  print: (line) => console.error(line),
})

let last = Promise.resolve()
process.on('message', (request: AsideRequest) => {
  last = last.then(async () => {
    let answer: AsideAnswer
    try {
      const result = await (request.do === 'explain'
        ? explaining.explain(request.request)
        : explaining.profile(request.request))
      answer = { id: request.id, result }
    } catch (thrown) {
      const error = asKedgeError(thrown)
      if (error.class === 'internal') console.error(thrown)
      answer = { id: request.id, error: { code: error.code, details: error.details, todo: error.todo } }
    }
    process.send?.(answer)
  })
})
// the parent is gone: nobody waits for answers
process.once('disconnect', () => process.exit(0))

import type { Executor } from '../contracts/executor.ts'
import { KedgeError } from '../errors.ts'
import type { StepSpec } from './pipeline-spec.ts'

/** The one that is declared; else the sandbox, or a plain process where no sandbox can be made. Errors: `executor_unavailable`. */
export async function chooseExecutor(
  spec: StepSpec,
  executors: readonly Executor[],
  say: (text: string) => void,
): Promise<Executor> {
  const find = (kind: string) => executors.find((one) => one.kind === kind)
  const wanted = find(spec.executor ?? 'sandbox') ?? find('process')
  if (!wanted)
    throw new KedgeError('executor_unavailable', { executor: spec.executor ?? 'sandbox', why: 'it does not exist' })
  const answer = await wanted.available()
  if (answer.available) {
    for (const what of wanted.cannotPrevent) say(`[kedge] the executor ${wanted.kind} cannot prevent ${what}\n`)
    return wanted
  }
  if (spec.executor !== undefined)
    throw new KedgeError('executor_unavailable', { executor: wanted.kind, why: answer.why }, { todo: answer.todo })
  say(`[kedge] ${answer.why}: the step runs as a plain process. ${answer.todo}\n`)
  return chooseExecutor({ ...spec, executor: 'process' }, executors, say)
}

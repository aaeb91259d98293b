import type { StepOutcome } from '../contracts/executor.ts'
import { KedgeError } from '../errors.ts'
import type { StepSpec } from './pipeline-spec.ts'

const shownBytes = (bytes: number) =>
  bytes >= 2 ** 30 ? `${+(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`
const shownTime = (ms: number) => (ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${ms / 1000} s`)

/** The error that a step's end amounts to; undefined when it did what it should. */
export function stepFailure({ reason, exitCode }: StepOutcome, step: string, spec: StepSpec): KedgeError | undefined {
  if (reason === 'exit') return exitCode === 0 ? undefined : new KedgeError('step_failed', { step, exitCode })
  if (reason === 'timeout') return new KedgeError('step_timeout', { step, limit: shownTime(spec.resources.timeout) })
  if (reason === 'memory') return new KedgeError('step_memory', { step, limit: shownBytes(spec.resources.memory) })
  if (reason === 'missing') return new KedgeError('step_command_missing', { step })
  if (reason === 'lost') return new KedgeError('unavailable', { what: `What watches the step ${step} has died` })
  return new KedgeError('step_signalled', { step })
}

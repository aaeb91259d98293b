import type { StepLimits, StepOutcome } from '../../../contracts/executor.ts'

/** What the supervisor is told, as one line of JSON on its standard input. When that input ends, it ends the step. */
export interface SupervisorPlan {
  /** value of `KEDGE_STEP` in the step's environment, by which its processes are found */
  name: string
  argv: string[]
  folder: string
  env: Record<string, string>
  limits: StepLimits
  /** a socket to make on which connections are passed on to a port of this machine */
  forward?: { socket: string; port: number }
  /** a process whose command line names this file belongs to Kedge and is not counted */
  ownFile?: string
}

/** What it says on file descriptor 4, a line each; what the step prints goes to file descriptor 3. */
export interface SupervisorReport {
  outcome: StepOutcome
}

/** Environment variable that marks every process of a step. */
export const stepMarker = 'KEDGE_STEP'

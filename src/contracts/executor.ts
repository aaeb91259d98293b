/** What a step may use, all enforced by the executor as far as it says. */
export interface StepLimits {
  /** whole processors */
  cpus: number
  /** of all its processes together */
  memoryBytes: number
  timeoutMs: number
  /** of what it prints; beyond this only the head and the tail are kept */
  outputBytes: number
}

/** A command to run, with everything it may touch. Paths are absolute. */
export interface StepCommand {
  /** names the step on this machine: what is left of an earlier try under the same name is ended first */
  name: string
  /** for `sh -c` */
  command: string
  /** a fresh folder: the step's own, the only one it may write to */
  folder: string
  /** the whole environment */
  env: Record<string, string>
  /** files and folders below `hidden` that it may read */
  readable: string[]
  /** folders that it must not see, as far as the executor can hide them */
  hidden: string[]
  /** what it may reach: nothing, the server at `server`, everything */
  network: 'none' | 'server' | 'all'
  /** port of this Kedge on 127.0.0.1 */
  serverPort: number | undefined
  limits: StepLimits
}

export interface StepUsage {
  cpuSeconds: number
  wallSeconds: number
  maxMemoryBytes: number
}

export type StepReason =
  /** it ended by itself, with its exit code */
  | 'exit'
  | 'timeout'
  | 'memory'
  | 'cancelled'
  /** something else ended it with a signal */
  | 'signal'
  /** the command is not there or cannot be executed */
  | 'missing'
  /** what watches it died */
  | 'lost'

export interface StepOutcome {
  /** null when a signal ended it */
  exitCode: number | null
  reason: StepReason
  usage: StepUsage
}

export interface RunOptions {
  /** Aborting ends the step and everything it started. */
  signal: AbortSignal
  /** What it prints, as it prints it. */
  onOutput(chunk: Buffer): void
}

export type Availability = { available: true } | { available: false; why: string; todo: string }

export interface Executor {
  /** `executor:` of a step */
  kind: string
  title: string
  /** what it cannot prevent, in sentences for people; shown in the step's log */
  cannotPrevent: readonly string[]
  /** whether inputs are safe from being written to, so that they need not be copied */
  protectsInputs: boolean
  /** Tried on this machine, not guessed. */
  available(): Promise<Availability>
  /**
   * Runs the command to its end. When the promise settles nothing that the step started is alive. If this process dies,
   * the step dies with it. Errors: only what is Kedge's own fault; how the step ended is the outcome.
   */
  run(step: StepCommand, options: RunOptions): Promise<StepOutcome>
}

/** Declares an executor: one file in `adapters/executors`. */
export const defineExecutor = (executor: Executor): Executor => executor

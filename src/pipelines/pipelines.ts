import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { Executor } from '../contracts/executor.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { createCodeStates } from './code-state.ts'
import { createDeclaredPipelines } from './declared-pipelines.ts'
import { createEnvironments } from './environments.ts'
import type { DatasetsPart, RegistryPart, TrackingPart } from './neighbours.ts'
import type { PipelineStep } from './pipeline-run.ts'
import { createPipelineRuns } from './pipeline-runs.ts'
import { freeOfCharge, type Prices } from './price.ts'
import { pipelineRunJob } from './run-job.ts'
import { createStepLogs } from './step-log.ts'
import { createStepRecords } from './step-records.ts'

export interface PipelinesOptions {
  datasets: DatasetsPart
  tracking: TrackingPart
  registry: RegistryPart
  executors: readonly Executor[]
  /** where this machine reaches this server, once it listens: `http://127.0.0.1:4700` */
  serverUrl(): string | undefined
  /** a token for a step's calls to this server, where it asks for one */
  stepToken?(project: string): Promise<string>
  /** what steps' seconds cost; nothing when absent */
  prices?: Prices
  /** Kedge's own environment variables */
  variables: Record<string, string | undefined>
}

const running = (step: PipelineStep) => step.state === 'running' || step.state === 'queued'

/** Pipelines, their runs and what runs them. Registers its job; there is nothing to start. */
export function createPipelines(environment: Environment, options: PipelinesOptions) {
  const { dataDirectory, log, blobs, jobs } = environment
  const installer = options.executors.find((executor) => executor.kind === 'process')
  if (!installer) throw new Error('there is no executor `process`, which installs environments')
  const environments = createEnvironments({
    folder: join(dataDirectory, 'environments'),
    executor: installer,
    environment: options.variables,
    log,
  })
  const logs = createStepLogs(join(dataDirectory, 'logs', 'pipeline-runs'))
  const records = createStepRecords(environment, options.tracking)
  const runs = createPipelineRuns(environment)
  const code = createCodeStates(environment)
  const prices = options.prices ?? freeOfCharge
  jobs.handle(pipelineRunJob({ ...environment, ...options, environments, logs, records, code, prices }))

  async function findStep(project: string, run: number, name: string): Promise<PipelineStep> {
    const step = (await runs.get(project, run)).steps.find((one) => one.name === name)
    if (!step) throw new KedgeError('not_found', { kind: 'Step', name: `${run}/${name}` })
    return step
  }

  return {
    ...createDeclaredPipelines(
      environment,
      options.executors.map((executor) => executor.kind),
    ),
    start: runs.start,
    runs: { ...runs, step: findStep },
    environments,
    code,
    /** Which executors there are, and whether they work here. */
    executors: () =>
      Promise.all(
        options.executors.map(async ({ kind, title, cannotPrevent, available }) => ({
          kind,
          title,
          cannotPrevent: [...cannotPrevent],
          ...(await available()),
        })),
      ),
    logs: {
      /** The whole log so far, as bytes. Errors: `not_found`. */
      async read(project: string, run: number, name: string): Promise<Buffer> {
        const step = await findStep(project, run, name)
        const stored = step.logDigest && (await blobs.stat(step.logDigest))
        return stored ? buffer(await blobs.get(step.logDigest!)) : logs.read(run, name)
      },
      /** Pieces of the log as they are written, from the byte `from`; at last the state in which the step ended. */
      async *follow(
        project: string,
        run: number,
        name: string,
        from: number,
        signal: AbortSignal,
      ): AsyncGenerator<{ offset: number; text: string } | { state: string }> {
        let step = await findStep(project, run, name)
        const ended = async () => {
          step = await findStep(project, run, name)
          return !running(step)
        }
        if (!running(step) && step.logDigest && (await logs.size(run, name)) === 0) {
          // it ran on another machine
          const bytes = await buffer(await blobs.get(step.logDigest))
          if (bytes.length > from) yield { offset: bytes.length, text: bytes.subarray(from).toString('utf8') }
        } else yield* logs.follow(run, name, from, ended, signal)
        if (!running(step)) yield { state: step.state }
      },
    },
    stop: () => environments.stop(),
  }
}

export type Pipelines = ReturnType<typeof createPipelines>

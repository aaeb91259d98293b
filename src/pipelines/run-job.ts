import type { Selectable } from 'kysely'
import type { Environment } from '../environment.ts'
import { asKedgeError, KedgeError } from '../errors.ts'
import type { JobHandler } from '../jobs/job.ts'
import type { Change } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { PipelineTables } from '../storage/sql/tables/pipelines.ts'
import { readModelFolder } from './model-folder.ts'
import type { NewModelVersion, RegistryPart } from './neighbours.ts'
import { type PipelineRun, type PipelineStep, type StepError, type StepOutput, toRun, toStep } from './pipeline-run.ts'
import { runJob } from './pipeline-runs.ts'
import type { PipelineSpec } from './pipeline-spec.ts'
import { runStep, type StepDependencies } from './run-step.ts'
import { waitsFor } from './step-order.ts'

export interface RunJobDependencies extends StepDependencies, Pick<Environment, 'store' | 'journal' | 'log'> {
  registry: RegistryPart
}

interface Payload {
  run: number
}
type RunRow = Selectable<PipelineTables['pipeline_runs']>
interface Registration {
  step: string
  model: string
  version: NewModelVersion
}

/** steps of one run beside each other */
const stepsAtOnce = 2
/** failures of Kedge or of a part that is away, after which a run ends */
const mostFailures = 4

const ended = (state: string) => state === 'succeeded' || state === 'failed' || state === 'cancelled'

/** The job that brings a pipeline run to its end; started again after a crash, it goes on at the first unfinished step. */
export function pipelineRunJob(deps: RunJobDependencies): JobHandler<Payload> {
  const { store, journal, records } = deps

  async function load(db: Change['db'], id: number): Promise<{ row: RunRow; run: PipelineRun }> {
    const row = await db.selectFrom('pipeline_runs').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    const steps = await db.selectFrom('pipeline_steps').selectAll().where('run', '=', id).orderBy('position').execute()
    return { row, run: toRun(row, steps.map(toStep)) }
  }

  const contextOf = (run: PipelineRun) => ({
    actor: `pipeline_run/${run.id}`,
    ...(run.cause === null ? {} : { cause: run.cause }),
  })

  async function finish(
    change: Change,
    run: PipelineRun,
    state: 'succeeded' | 'failed' | 'cancelled',
    error: StepError | null,
    modelVersions: { step: string; model: string; version: number; reused: boolean }[] = [],
  ) {
    await change.db
      .updateTable('pipeline_runs')
      .set({ state, error: error && toJson(error), finished_at: change.now })
      .where('id', '=', run.id)
      .execute()
    const { pipeline, asOf } = run
    change.append({
      type: 'pipeline_run.finished',
      project: run.project,
      subject: `pipeline_run/${run.id}`,
      data: { pipeline, run: run.id, state, asOf, error, modelVersions },
      ...(run.cause === null ? {} : { cause: run.cause }),
    })
  }

  /** Runs every step when those it waits for have ended well; the first error stops new ones and is thrown at the end. */
  async function runSteps(
    run: PipelineRun,
    row: RunRow,
    signal: AbortSignal,
    progress: (value: unknown) => void,
  ): Promise<void> {
    const spec = fromJson<PipelineSpec>(row.spec)
    const outputs = new Map<string, StepOutput[]>()
    for (const step of run.steps)
      if (step.state === 'succeeded' || step.state === 'skipped') outputs.set(step.name, step.outputs)
    const open = new Set(run.steps.map((step) => step.name).filter((name) => !outputs.has(name)))
    const running = new Map<string, Promise<void>>()
    let failure: { error: unknown } | undefined
    while (open.size > 0 || running.size > 0) {
      for (const name of open) {
        if (failure || signal.aborted || running.size >= stepsAtOnce) break
        if (!waitsFor(spec.steps[name]!).every((need) => outputs.has(need))) continue
        open.delete(name)
        const work = runStep({ run, spec, files: fromJson(row.files), name, outputs, signal }, deps)
          .then(
            (made) => void outputs.set(name, made),
            (error) => {
              failure ??= { error }
            },
          )
          .finally(() => running.delete(name))
        running.set(name, work)
      }
      progress({ done: outputs.size, of: run.steps.length, running: [...running.keys()] })
      if (running.size === 0) break
      await Promise.race(running.values())
    }
    signal.throwIfAborted()
    if (failure) throw failure.error
  }

  /** What the finishing commit will register; everything that takes time is read before it. */
  async function registrations(run: PipelineRun, spec: PipelineSpec): Promise<Registration[]> {
    const list: Registration[] = []
    for (const step of run.steps) {
      const register = spec.steps[step.name]!.register
      if (!register) continue
      const output = step.outputs.find((one) => one.name === register.output)!
      const { kind, signature } = await readModelFolder(output.digest, register.output, deps.blobs)
      const datasetVersions = step.inputs.flatMap((input) =>
        input.dataset === undefined
          ? []
          : [
              {
                dataset: input.dataset,
                version: input.version!,
                role: input.name === register.holdout ? 'holdout' : 'training',
              },
            ],
      )
      const holdout = datasetVersions.find((one) => one.role === 'holdout')
      list.push({
        step: step.name,
        model: register.model,
        version: {
          ...(step.trackingRun === null ? {} : { runId: step.trackingRun }),
          pipelineRunId: run.id,
          step: step.name,
          artifact: { digest: output.digest, kind, bytes: output.bytes },
          datasetVersions,
          ...(step.codeDigest === null ? {} : { codeDigest: step.codeDigest }),
          ...(step.environmentDigest === null ? {} : { environmentDigest: step.environmentDigest }),
          ...(signature === undefined ? {} : { signature }),
          ...(holdout ? { holdout: { dataset: holdout.dataset, version: holdout.version } } : {}),
          ...(run.asOf === null ? {} : { asOf: run.asOf }),
        },
      })
    }
    return list
  }

  /** A step whose outputs were taken over made nothing new: the model version of then is its model version. */
  async function earlierVersion(change: Change, step: PipelineStep, model: string) {
    if (step.reusedRun === null) return undefined
    const row = await change.db
      .selectFrom('pipeline_steps')
      .select('model_version')
      .where('run', '=', step.reusedRun)
      .where('step', '=', step.name)
      .executeTakeFirst()
    const earlier = fromJson<PipelineStep['modelVersion']>(row?.model_version ?? null)
    return earlier?.model === model ? earlier.version : undefined
  }

  async function register(change: Change, run: PipelineRun, list: Registration[]) {
    const made: { step: string; model: string; version: number; reused: boolean }[] = []
    for (const { step, model, version } of list) {
      const earlier = await earlierVersion(change, run.steps.find((one) => one.name === step)!, model)
      const number = earlier ?? (await deps.registry.versions.create(change, run.project, model, version)).version
      const modelVersion = { model, version: number, reused: earlier !== undefined }
      made.push({ step, ...modelVersion })
      await change.db
        .updateTable('pipeline_steps')
        .set({ model_version: toJson(modelVersion) })
        .where('run', '=', run.id)
        .where('step', '=', step)
        .execute()
    }
    return made
  }

  /** Errors that may be over at the next try are thrown on as they are, but only so often. */
  async function countFailure(run: PipelineRun, thrown: unknown): Promise<KedgeError> {
    const error = asKedgeError(thrown)
    if (!['internal', 'unavailable', 'overloaded'].includes(error.class)) return error
    const failures = await journal.change(contextOf(run), async (change) => {
      const { failures } = await change.db
        .updateTable('pipeline_runs')
        .set(({ eb }) => ({ failures: eb('failures', '+', 1) }))
        .where('id', '=', run.id)
        .returning('failures')
        .executeTakeFirstOrThrow()
      return failures
    })
    if (failures < mostFailures) return error
    deps.log.error({ err: error, pipelineRun: run.id }, 'a pipeline run is given up')
    return new KedgeError(
      'conflict',
      { what: `${error.message} (tried ${failures} times)` },
      { cause: thrown, todo: error.todo },
    )
  }

  return {
    kind: runJob,
    concurrency: 2,
    async run(job, { signal, progress }) {
      const { row, run } = await load(store.read, job.payload.run)
      if (ended(run.state)) return
      if (run.state === 'queued')
        await journal.change(contextOf(run), (change) =>
          change.db
            .updateTable('pipeline_runs')
            .set({ state: 'running', started_at: change.now })
            .where('id', '=', run.id)
            .execute(),
        )
      try {
        await runSteps(run, row, signal, progress)
        const done = await load(store.read, run.id)
        const list = await registrations(done.run, fromJson(row.spec))
        return {
          result: { run: run.id },
          async commit(change) {
            await finish(change, done.run, 'succeeded', null, await register(change, done.run, list))
          },
        }
      } catch (error) {
        signal.throwIfAborted()
        throw await countFailure(run, error)
      }
    },
    async failed(job, error, change) {
      const { run } = await load(change.db, job.payload.run)
      if (ended(run.state)) return
      const cancelled = error.code === 'cancelled'
      const shown = cancelled
        ? new KedgeError('cancelled', { what: `Pipeline run ${run.id}` }).toJSON()
        : { code: error.code, message: error.message, todo: error.todo }
      const become = cancelled
        ? ({ running: 'cancelled', queued: 'cancelled' } as const)
        : ({ running: 'failed', queued: 'blocked' } as const)
      await records.finishRest(change, run, become, { code: shown.code, message: shown.message, todo: shown.todo })
      await finish(change, run, cancelled ? 'cancelled' : 'failed', {
        code: shown.code,
        message: shown.message,
        todo: shown.todo,
      })
    },
  }
}

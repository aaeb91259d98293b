import type { StepOutcome, StepUsage } from '../contracts/executor.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { PipelineTables } from '../storage/sql/tables/pipelines.ts'
import { meterStep, recordStep, type StepRecord } from './metered-steps.ts'
import type { TrackingPart } from './neighbours.ts'
import {
  type PipelineRun,
  type PipelineStep,
  type StepError,
  type StepInput,
  type StepOutput,
  toStep,
} from './pipeline-run.ts'

/** What is known of a step once its inputs are. */
export interface StepFacts {
  digest: string
  inputs: StepInput[]
  codeDigest: string
  environmentDigest: string | null
}

type Columns = Partial<PipelineTables['pipeline_steps']>
type RunPart = Pick<PipelineRun, 'id' | 'project' | 'pipeline' | 'cause'>

const finalStatus = {
  succeeded: 'FINISHED',
  skipped: 'FINISHED',
  failed: 'FAILED',
  cancelled: 'KILLED',
  blocked: 'KILLED',
} as const
export type FinalState = keyof typeof finalStatus

const factColumns = (facts: StepFacts): Columns => ({
  digest: facts.digest,
  inputs: toJson(facts.inputs),
  code_digest: facts.codeDigest,
  environment_digest: facts.environmentDigest,
})

/** As MLflow's clients write it. */
const codeTags = (code: StepRecord['code']) =>
  code === null
    ? []
    : [
        { key: 'mlflow.source.git.commit', value: code.commit },
        { key: 'mlflow.source.git.dirty', value: String(code.dirty) },
        ...(code.branch === null ? [] : [{ key: 'mlflow.source.git.branch', value: code.branch }]),
        ...(code.origin === null ? [] : [{ key: 'mlflow.source.git.repoURL', value: code.origin }]),
      ]

/** The states of steps: each change of one is a row and an event, and happens only in the attempt that is the newest. */
export function createStepRecords({ store, journal }: Pick<Environment, 'store' | 'journal'>, tracking: TrackingPart) {
  const contextOf = (run: RunPart) => ({
    actor: `pipeline_run/${run.id}`,
    ...(run.cause === null ? {} : { cause: run.cause }),
  })

  async function find(db: Change['db'], run: number, name: string): Promise<PipelineStep> {
    return toStep(
      await db
        .selectFrom('pipeline_steps')
        .selectAll()
        .where('run', '=', run)
        .where('step', '=', name)
        .executeTakeFirstOrThrow(),
    )
  }

  /** Another process may have taken the run over: then this attempt changes nothing any more. */
  async function update(change: Change, run: number, name: string, attempt: number, columns: Columns) {
    const done = await change.db
      .updateTable('pipeline_steps')
      .set(columns)
      .where('run', '=', run)
      .where('step', '=', name)
      .where('attempt', '=', attempt)
      .where('state', '=', 'running')
      .executeTakeFirst()
    if (done.numUpdatedRows === 0n)
      throw new KedgeError('unavailable', {
        what: `The step ${name} of pipeline run ${run} is done by another process`,
      })
  }

  /** Ends a step: its row, its run in tracking, the event. */
  async function finish(
    change: Change,
    run: RunPart,
    before: PipelineStep,
    state: FinalState,
    columns: Columns & { usage?: string | null },
  ): Promise<void> {
    await change.db
      .updateTable('pipeline_steps')
      .set({ ...columns, state, finished_at: change.now })
      .where('run', '=', run.id)
      .where('step', '=', before.name)
      .execute()
    const step = await find(change.db, run.id, before.name)
    if (state !== 'skipped') await meterStep(change, run.id, step)
    if (step.trackingRun !== null) await tracking.runs.finish(change, run.project, step.trackingRun, finalStatus[state])
    change.append({
      type: 'step.finished',
      project: run.project,
      subject: `step/${run.id}/${step.name}`,
      data: {
        pipeline: run.pipeline,
        run: run.id,
        step: step.name,
        state,
        reason: step.reason ?? step.error?.code ?? null,
        exitCode: step.exitCode,
        digest: step.digest,
        reusedRun: step.reusedRun,
        trackingRun: step.trackingRun,
        inputs: step.inputs.map(({ name, digest, dataset, version, step: from, output }) => ({
          name,
          digest,
          ...(dataset === undefined ? {} : { dataset, version }),
          ...(from === undefined ? {} : { step: from, output }),
        })),
        outputs: step.outputs.map(({ name, digest, bytes }) => ({ name, digest, bytes })),
        usage: step.usage,
      },
    })
  }

  const outcomeColumns = (outcome: StepOutcome): { exit_code: number | null; reason: string; usage: string } => ({
    exit_code: outcome.exitCode,
    reason: outcome.reason,
    usage: toJson(outcome.usage satisfies StepUsage),
  })

  return {
    /** A step is taken up, perhaps again: returns which attempt it is. What an interrupted attempt logged is marked as killed. */
    begin: (run: RunPart, name: string): Promise<number> =>
      journal.change(contextOf(run), async (change) => {
        const before = await find(change.db, run.id, name)
        if (before.trackingRun !== null) await tracking.runs.finish(change, run.project, before.trackingRun, 'KILLED')
        const attempt = before.attempt + 1
        await change.db
          .updateTable('pipeline_steps')
          .set({
            state: 'running',
            attempt,
            tracking_run: null,
            started_at: change.now,
            finished_at: null,
            error: null,
            reason: null,
            exit_code: null,
          })
          .where('run', '=', run.id)
          .where('step', '=', name)
          .execute()
        return attempt
      }),

    /** The step's command is about to run: its run in tracking is made with it. Returns that run's id. */
    async start(
      run: RunPart,
      name: string,
      attempt: number,
      facts: StepFacts & { executor: string; experiment: string | undefined; record: StepRecord },
    ): Promise<string | null> {
      const experimentId =
        facts.experiment === undefined
          ? undefined
          : await tracking.experiments.ensure(contextOf(run), run.project, facts.experiment)
      return journal.change(contextOf(run), async (change) => {
        let trackingRun: string | null = null
        if (experimentId !== undefined) {
          const shown = `${run.pipeline}-${run.id}-${name}`
          const made = await tracking.runs.create(change, {
            project: run.project,
            experimentId,
            name: attempt === 1 ? shown : `${shown}-attempt-${attempt}`,
            user: 'kedge',
            pipelineRun: run.id,
            // an interrupted attempt keeps what it logged, under a run of its own
            step: attempt === 1 ? name : `${name}@${attempt}`,
            tags: [
              { key: 'mlflow.source.type', value: 'JOB' },
              { key: 'mlflow.source.name', value: `${run.pipeline}/${name}` },
              { key: 'kedge.pipelineRun', value: String(run.id) },
              { key: 'kedge.step', value: name },
              ...codeTags(facts.record.code),
            ],
          })
          trackingRun = made.id
          const datasets = facts.inputs.flatMap((input) =>
            input.dataset === undefined
              ? []
              : [
                  {
                    name: input.dataset,
                    // MLflow's digests are short
                    digest: input.digest.slice(0, 36),
                    sourceType: 'kedge',
                    source: toJson({ dataset: input.dataset, version: input.version, digest: input.digest }),
                    schema: null,
                    profile: null,
                    tags: [{ key: 'mlflow.data.context', value: input.name }],
                  },
                ],
          )
          if (datasets.length > 0) await tracking.inputs.log(change, run.project, trackingRun, { datasets })
        }
        await update(change, run.id, name, attempt, {
          ...factColumns(facts),
          executor: facts.executor,
          tracking_run: trackingRun,
        })
        await recordStep(change, { run: run.id, step: name, attempt, project: run.project, trackingRun }, facts.record)
        change.append({
          type: 'step.started',
          project: run.project,
          subject: `step/${run.id}/${name}`,
          data: { pipeline: run.pipeline, run: run.id, step: name, attempt, trackingRun },
        })
        return trackingRun
      })
    },

    /** The newest step that succeeded with this digest. */
    async findEqual(project: string, digest: string): Promise<{ run: number; outputs: StepOutput[] } | undefined> {
      const row = await store.read
        .selectFrom('pipeline_steps')
        .select(['run', 'outputs'])
        .where('project', '=', project)
        .where('digest', '=', digest)
        .where('state', '=', 'succeeded')
        .orderBy('run', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row && { run: row.run, outputs: fromJson(row.outputs) }
    },

    skip: (
      run: RunPart,
      name: string,
      attempt: number,
      facts: StepFacts & { reusedRun: number; outputs: StepOutput[] },
    ): Promise<void> =>
      journal.change(contextOf(run), async (change) => {
        const columns = { ...factColumns(facts), reused_run: facts.reusedRun, outputs: toJson(facts.outputs) }
        await update(change, run.id, name, attempt, columns)
        await finish(change, run, await find(change.db, run.id, name), 'skipped', {})
      }),

    succeed: (
      run: RunPart,
      name: string,
      attempt: number,
      result: { outputs: StepOutput[]; outcome: StepOutcome; logDigest: string },
    ): Promise<void> =>
      journal.change(contextOf(run), async (change) => {
        await update(change, run.id, name, attempt, {
          ...outcomeColumns(result.outcome),
          outputs: toJson(result.outputs),
          log_digest: result.logDigest,
        })
        await finish(change, run, await find(change.db, run.id, name), 'succeeded', {})
      }),

    fail: (
      run: RunPart,
      name: string,
      attempt: number,
      error: KedgeError,
      result: { outcome?: StepOutcome | undefined; logDigest: string },
    ): Promise<void> =>
      journal.change(contextOf(run), async (change) => {
        await update(change, run.id, name, attempt, {
          ...(result.outcome ? outcomeColumns(result.outcome) : {}),
          error: toJson({ code: error.code, message: error.message, todo: error.todo } satisfies StepError),
          log_digest: result.logDigest,
        })
        await finish(change, run, await find(change.db, run.id, name), 'failed', {})
      }),

    /** Ends the steps of a run that ends: `running` and `queued` say what becomes of steps in these states. */
    async finishRest(
      change: Change,
      run: RunPart,
      become: { running: FinalState; queued: FinalState },
      error: StepError | null,
    ): Promise<void> {
      const rows = await change.db
        .selectFrom('pipeline_steps')
        .selectAll()
        .where('run', '=', run.id)
        .orderBy('position')
        .execute()
      for (const step of rows.map(toStep)) {
        if (step.state === 'running') await finish(change, run, step, become.running, { error: error && toJson(error) })
        else if (step.state === 'queued') await finish(change, run, step, become.queued, {})
      }
    },
  }
}

export type StepRecords = ReturnType<typeof createStepRecords>

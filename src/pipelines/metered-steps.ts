import type { Change } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { CodeState } from './code-state.ts'
import type { Host } from './host.ts'
import type { PipelineStep } from './pipeline-run.ts'
import { costOf, gpusNamed, type Prices } from './price.ts'

/** What an attempt of a step ran with. */
export interface StepRecord {
  code: CodeState | null
  environment: { lockFile: string; digest: string; python: string } | null
  host: Host
  limits: { cpus: number; memoryBytes: number }
  /** as they were when it began */
  prices: Prices
}

/** Notes what a step is about to run with, in the change that begins it. */
export async function recordStep(
  change: Change,
  where: { run: number; step: string; attempt: number; project: string; trackingRun: string | null },
  record: StepRecord,
): Promise<void> {
  const fields = { project: where.project, tracking_run: where.trackingRun, facts: toJson(record), cost: null }
  await change.db
    .insertInto('metered_steps')
    .values({ run: where.run, step: where.step, attempt: where.attempt, ...fields })
    .onConflict((c) => c.columns(['run', 'step', 'attempt']).doUpdateSet(fields))
    .execute()
}

/** Notes what an attempt cost, in the change that ends it. One whose usage is not known has no cost. */
export async function meterStep(change: Change, run: number, step: PipelineStep): Promise<void> {
  if (!step.usage) return
  const row = await change.db
    .selectFrom('metered_steps')
    .select('facts')
    .where('run', '=', run)
    .where('step', '=', step.name)
    .where('attempt', '=', step.attempt)
    .executeTakeFirst()
  if (!row) return
  const { prices } = fromJson<StepRecord>(row.facts)
  const logged =
    step.trackingRun === null
      ? []
      : await change.db
          .selectFrom('metric_series')
          .innerJoin('runs', 'runs.number', 'metric_series.run')
          .select('metric_series.key')
          .where('runs.id', '=', step.trackingRun)
          .where('metric_series.key', 'like', 'system/gpu%')
          .execute()
  const cost = costOf({ ...step.usage, gpus: gpusNamed(logged.map(({ key }) => key)) }, prices)
  await change.db
    .updateTable('metered_steps')
    .set({ cost })
    .where('run', '=', run)
    .where('step', '=', step.name)
    .where('attempt', '=', step.attempt)
    .execute()
}

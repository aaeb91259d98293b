import type { Environment } from '../environment.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import type { Run } from '../tracking/run.ts'
import type { StepRecord } from './metered-steps.ts'
import { type StepInput, toStep } from './pipeline-run.ts'
import { costOf, gpusNamed, isPriced, type Prices } from './price.ts'

export interface Cost {
  amount: number
  currency: string
  /** true: not metered but computed from what the run itself tells */
  estimated: boolean
  /** how it was computed, in a sentence */
  basis: string
}

/** What a run used, ran with and cost. */
export interface RunAccount {
  resources: {
    /** until now for a run that has not ended */
    wallSeconds: number | null
    cpuSeconds: number | null
    maxMemoryBytes: number | null
    gpus: number
    /** it has not ended: how long it goes on, in seconds */
    runningFor: number | null
    host: StepRecord['host'] | null
    limits: StepRecord['limits'] | null
  }
  cost: Cost | null
  code: {
    commit: string
    branch: string | null
    origin: string | null
    dirty: boolean | null
    untracked: string[]
    /** path of the differences among the run's artifacts */
    diff: string | null
    /** what was run, as the client says it */
    entry: string | null
  } | null
  environment: { python: string | null; lockFile: string | null; digest: string | null } | null
}

/** The name that the differences to the commit have among the artifacts of a step's run. */
export const diffArtifact = 'code.diff'

const megabyte = 1e6
const mostSteps = 1000
const metered =
  'busy processor seconds, the most memory over its time, and the GPUs that its system metrics tell of over its time, × price'

/** What runs, pipeline runs and model versions cost: metered for steps, estimated for runs of other clients. */
export function createAccounts({ store, clock }: Pick<Environment, 'store' | 'clock'>, prices: Prices) {
  /** The attempt that logged into a run. */
  async function recordOf(
    run: Run,
  ): Promise<{ record: StepRecord; cost: number | null; run: number; step: string } | undefined> {
    const row = await store.read
      .selectFrom('metered_steps')
      .selectAll()
      .where('tracking_run', '=', run.id)
      .where('project', '=', run.project)
      .executeTakeFirst()
    return row && { record: fromJson<StepRecord>(row.facts), cost: row.cost, run: row.run, step: row.step }
  }

  const peak = (run: Run, ...keys: string[]) => {
    const found = keys
      .map((key) => run.metrics[key]?.value)
      .find((value) => value !== undefined && Number.isFinite(value))
    return found ?? null
  }

  function ofClient(run: Run): RunAccount {
    const ended = run.endTime !== null
    const wallSeconds = run.startTime === null ? null : ((run.endTime ?? clock()) - run.startTime) / 1000
    const gpus = gpusNamed(Object.keys(run.metrics))
    const memory = peak(run, 'system/system_memory_usage_megabytes')
    const { tags } = run
    const commit = tags['mlflow.source.git.commit']
    const usage =
      wallSeconds === null
        ? null
        : { cpuSeconds: wallSeconds, wallSeconds, maxMemoryBytes: (memory ?? 0) * megabyte, gpus }
    return {
      resources: {
        wallSeconds,
        cpuSeconds: null,
        maxMemoryBytes: memory === null ? null : memory * megabyte,
        gpus,
        runningFor: ended || run.status !== 'RUNNING' ? null : wallSeconds,
        host: null,
        limits: null,
      },
      cost:
        usage && isPriced(prices)
          ? {
              amount: costOf(usage, prices),
              currency: prices.currency,
              estimated: true,
              basis: `its time × price of one processor${memory === null ? '' : ', of its memory'}${gpus ? ` and of ${gpus} GPUs` : ''}, as its system metrics tell`,
            }
          : null,
      code: commit
        ? {
            commit,
            branch: tags['mlflow.source.git.branch'] ?? tags['mlflow.gitBranchName'] ?? null,
            origin: tags['mlflow.source.git.repoURL'] ?? tags['mlflow.gitRepoURL'] ?? null,
            dirty: tags['mlflow.source.git.dirty'] === undefined ? null : tags['mlflow.source.git.dirty'] === 'true',
            untracked: [],
            diff: null,
            entry: tags['mlflow.source.name'] ?? null,
          }
        : null,
      environment: null,
    }
  }

  return {
    currency: prices.currency,

    /** What processor time costs; null where it has no price. */
    ofProcessorTime: (cpuSeconds: number): { amount: number; currency: string } | null =>
      prices.cpuHour > 0
        ? {
            amount: costOf({ cpuSeconds, wallSeconds: 0, maxMemoryBytes: 0, gpus: 0 }, prices),
            currency: prices.currency,
          }
        : null,

    /** What a run used, ran with and cost. */
    async ofRun(run: Run): Promise<RunAccount> {
      const own = ofClient(run)
      const found = await recordOf(run)
      if (!found) return own
      const { record, cost } = found
      const row = await store.read
        .selectFrom('pipeline_steps')
        .selectAll()
        .where('run', '=', found.run)
        .where('step', '=', found.step)
        .executeTakeFirst()
      const step = row && toStep(row)
      const usage = step?.trackingRun === run.id ? step.usage : null
      return {
        resources: {
          ...own.resources,
          wallSeconds: usage?.wallSeconds ?? own.resources.wallSeconds,
          cpuSeconds: usage?.cpuSeconds ?? null,
          maxMemoryBytes: usage?.maxMemoryBytes ?? null,
          host: record.host,
          limits: record.limits,
        },
        cost:
          cost === null ? null : { amount: cost, currency: record.prices.currency, estimated: false, basis: metered },
        code: record.code
          ? {
              ...record.code,
              diff: record.code.diff ? diffArtifact : null,
              entry: run.tags['mlflow.source.name'] ?? null,
            }
          : own.code,
        environment: record.environment,
      }
    },

    /** What a pipeline run cost, by step; a step that took the outputs of an earlier one cost nothing. */
    async ofPipelineRun(run: number): Promise<{ total: number; currency: string; steps: Record<string, number> }> {
      const rows = await store.read
        .selectFrom('metered_steps')
        .select(['step', 'cost', 'facts'])
        .where('run', '=', run)
        .orderBy('attempt')
        .execute()
      const steps: Record<string, number> = {}
      for (const { step, cost } of rows) if (cost !== null) steps[step] = (steps[step] ?? 0) + cost
      const last = rows.at(-1)
      return {
        total: Object.values(steps).reduce((sum, cost) => sum + cost, 0),
        currency: last ? fromJson<StepRecord>(last.facts).prices.currency : prices.currency,
        steps,
      }
    },

    /** What it took to make a step's outputs: all steps that they come from, in whatever pipeline run they ran. */
    async ofLineage(
      run: number,
      step: string,
    ): Promise<{ total: number; currency: string; steps: { run: number; step: string; cost: number | null }[] }> {
      const seen = new Map<string, { run: number; step: string; cost: number | null }>()
      const open = [{ run, step }]
      let currency = prices.currency
      for (let next = open.pop(); next && seen.size < mostSteps; next = open.pop()) {
        const { run: inRun, step: name } = next
        const row = await store.read
          .selectFrom('pipeline_steps')
          .select(['reused_run', 'inputs'])
          .where('run', '=', inRun)
          .where('step', '=', name)
          .executeTakeFirst()
        if (!row) continue
        if (row.reused_run !== null) {
          open.push({ run: row.reused_run, step: name })
          continue
        }
        const key = `${inRun}/${name}`
        if (seen.has(key)) continue
        const attempts = await store.read
          .selectFrom('metered_steps')
          .select(['cost', 'facts'])
          .where('run', '=', inRun)
          .where('step', '=', name)
          .execute()
        const known = attempts.flatMap(({ cost }) => (cost === null ? [] : [cost]))
        if (attempts[0]) currency = fromJson<StepRecord>(attempts[0].facts).prices.currency
        seen.set(key, {
          run: inRun,
          step: name,
          cost: known.length === 0 ? null : known.reduce((sum, cost) => sum + cost, 0),
        })
        for (const input of fromJson<StepInput[]>(row.inputs))
          if (input.step !== undefined) open.push({ run: inRun, step: input.step })
      }
      const steps = [...seen.values()]
      return { total: steps.reduce((sum, { cost }) => sum + (cost ?? 0), 0), currency, steps }
    },
  }
}

export type Accounts = ReturnType<typeof createAccounts>

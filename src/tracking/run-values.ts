import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { inChange } from '../journal/in-change.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { checkKey, checkLength, checkTagKey, limits } from './limits.ts'
import type { MetricPoint } from './run.ts'
import type { Runs } from './runs.ts'
import { toStored } from './stored-value.ts'
import { addPairs, writePairs } from './write-pairs.ts'
import { writePoints, writePointsAtOnce } from './write-points.ts'

export interface LoggedMetric extends MetricPoint {
  key: string
  /** logged model that the metric is of */
  modelId?: string | undefined
  datasetName?: string | undefined
  datasetDigest?: string | undefined
}

export interface ValueBatch {
  metrics?: readonly LoggedMetric[]
  params?: readonly { key: string; value: string }[]
  tags?: readonly { key: string; value: string }[]
}

/** Metrics, params and tags of runs. The same values sent again change nothing. */
export function createRunValues(environment: Pick<Environment, 'store' | 'journal'>, runs: Runs) {
  const { store, journal } = environment

  async function writeParams(
    change: Change,
    run: { number: number; id: string },
    params: readonly { key: string; value: string }[],
  ) {
    const wanted = new Map<string, string>()
    for (const { key, value } of params) {
      const before = wanted.get(key)
      if (before !== undefined && before !== value) throw changedParam(run.id, key, before, value)
      wanted.set(key, value)
    }
    const stored = await addPairs(store.kind, change.query, 'run_params', run.number, [...wanted])
    for (const { key, value } of stored)
      if (wanted.get(key) !== value) throw changedParam(run.id, key, value, wanted.get(key)!)
  }

  async function writeTags(change: Change, run: number, tags: readonly { key: string; value: string }[]) {
    const pairs = new Map(tags.map((tag) => [tag.key, tag.value]))
    await writePairs(store.kind, change.query, 'run_tags', run, [...pairs])
    const name = pairs.get('mlflow.runName')
    if (name) await change.db.updateTable('runs').set({ name }).where('number', '=', run).execute()
  }

  async function writeMetrics(change: Change, run: number, metrics: readonly LoggedMetric[]) {
    await writePoints(store.kind, change.query, run, metrics)
    const ofModels = metrics.filter((metric) => metric.modelId)
    if (ofModels.length > 0)
      await change.db
        .insertInto('logged_model_metrics')
        .values(
          ofModels.map((metric) => ({
            model: metric.modelId!,
            run,
            key: metric.key,
            step: metric.step,
            time: metric.time,
            value: toStored(metric.value),
            dataset_name: metric.datasetName ?? '',
            dataset_digest: metric.datasetDigest ?? '',
          })),
        )
        .onConflict((c) => c.doNothing())
        .execute()
  }

  return {
    /** Logs a batch as a whole. Errors: `invalid_input` beyond a limit or when a param would change, `not_found`, `conflict` for a deleted run. */
    log(where: ChangeContext | Change, project: string, runId: string, batch: ValueBatch): Promise<void> {
      const { metrics = [], params = [], tags = [] } = batch
      checkBatch(metrics, params, tags)
      return inChange(journal, where, async (change) => {
        const pointsAlone = params.length + tags.length === 0 && !metrics.some((metric) => metric.modelId)
        if (store.kind === 'postgres' && pointsAlone && metrics.length > 0)
          if (await writePointsAtOnce(change.query, project, runId, metrics)) return
        const run = await runs.findActive(change, project, runId)
        if (params.length > 0) await writeParams(change, run, params)
        if (tags.length > 0) await writeTags(change, run.number, tags)
        if (metrics.length > 0) await writeMetrics(change, run.number, metrics)
      })
    },

    deleteTag: (context: ChangeContext, project: string, runId: string, key: string): Promise<void> =>
      journal.change(context, async (change) => {
        const run = await runs.findActive(change, project, runId)
        const gone = await change.db
          .deleteFrom('run_tags')
          .where('run', '=', run.number)
          .where('key', '=', key)
          .executeTakeFirst()
        if (gone.numDeletedRows === 0n)
          throw new KedgeError('not_found', { kind: 'Tag', name: `${key} in run with id ${runId}` })
      }),
  }
}

const changedParam = (run: string, key: string, stored: string, wanted: string) =>
  new KedgeError('invalid_input', {
    what: `Changing param values is not allowed. Param with key='${key}' was already logged with value='${stored}' for run ID='${run}'. Attempted logging new value '${wanted}'.`,
  })

function checkBatch(
  metrics: readonly LoggedMetric[],
  params: readonly { key: string; value: string }[],
  tags: readonly { key: string; value: string }[],
) {
  const tooMany = (what: string, limit: number, count: number) =>
    new KedgeError('invalid_input', {
      what: `A batch logging request can contain at most ${limit} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`,
    })
  if (metrics.length > limits.metrics) throw tooMany('metrics', limits.metrics, metrics.length)
  if (params.length > limits.params) throw tooMany('params', limits.params, params.length)
  if (tags.length > limits.tags) throw tooMany('tags', limits.tags, tags.length)
  const together = metrics.length + params.length + tags.length
  if (together > limits.together) throw tooMany('metrics, params, and tags', limits.together, together)
  metrics.forEach((metric, i) => {
    checkKey(metric.key, `metrics[${i}].name`)
  })
  params.forEach((param, i) => {
    checkKey(param.key, `params[${i}].key`)
    checkLength(param.value, limits.paramValue, `params[${i}].value`)
  })
  tags.forEach((tag, i) => {
    checkTagKey(tag.key, `tags[${i}].key`)
    checkLength(tag.value, limits.tagValue, `tags[${i}].value`)
  })
}

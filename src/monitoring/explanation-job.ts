import type { Environment } from '../environment.ts'
import { asKedgeError } from '../errors.ts'
import type { JobHandler } from '../jobs/job.ts'
import type { ExplainAside } from '../serving/explain/explain-aside.ts'
import type { Explanations, Instance } from '../serving/explain/explanation.ts'
import { day as dayLength, hour } from './event-day.ts'
import type { ExplanationBackground } from './explanation-background.ts'
import type { ExplanationBaselines } from './explanation-baseline.ts'
import type { ExplanationDue } from './explanation-due.ts'
import type { ExplainedVersion, ExplanationModels } from './explanation-model.ts'
import { instanceOf, type RecordedRow, readRecorded } from './explanation-rows.ts'
import { segmentsOf } from './explanation-segments.ts'
import { type ExplainedDay, type ExplanationStore, explainedDay } from './explanation-store.ts'
import { windowOf } from './monitor-settings.ts'
import type { SettingsStore } from './settings-store.ts'
import { type EndpointKey, enqueueEvaluate, markEnds, nextMark } from './stale.ts'
import { endsHolding } from './windows/window-bounds.ts'

/** Rows of a day that are explained at most. */
const sampled = 200
/** below it a day has no explanation */
const fewest = 20
/** rows of one request, and milliseconds that a day may take */
const piece = 20
const budget = 60_000
/** days that one job explains */
const batch = 8

export interface ExplanationJobDependencies {
  environment: Pick<Environment, 'events' | 'jobs' | 'journal' | 'clock'>
  store: ExplanationStore
  models: ExplanationModels
  due: ExplanationDue
  aside: ExplainAside
  background: ExplanationBackground
  baselines: ExplanationBaselines
  settings: Pick<SettingsStore, 'of'>
}

/**
 * Explains a sample of the recorded rows of each day of each revision that is not explained yet, or has got many rows since.
 * What it writes is the same when it is done again: a day counts once its line in SQL names the rows.
 */
export function createExplanationJob(dependencies: ExplanationJobDependencies): JobHandler<{ endpoint: string }> {
  const { environment, store, models, due, aside, background, baselines, settings } = dependencies
  const { events, jobs, clock } = environment

  /** Explains rows piece by piece, as many as the time allows. */
  async function explain(
    project: string,
    version: ExplainedVersion,
    instances: readonly Instance[],
    signal: AbortSignal,
  ): Promise<Explanations> {
    const model = await models.folder(version)
    const rows = await background(project, version)
    const end = clock() + budget
    let all: Explanations | undefined
    for (let from = 0; from < instances.length && (!all || clock() < end); from += piece) {
      signal.throwIfAborted()
      const found = await aside.explain({
        model,
        background: rows,
        instances: instances.slice(from, from + piece),
        timeout: budget,
      })
      if (!all) all = found
      else
        for (const part of ['values', 'outputs', 'scores', 'residuals'] as const)
          all[part].push(...(found[part] as never[]))
    }
    return all!
  }

  async function explainDay(
    key: EndpointKey,
    { day, revision, rows }: { day: number; revision: number; rows: number },
    version: ExplainedVersion | undefined,
    masked: readonly string[],
    signal: AbortSignal,
  ): Promise<ExplainedDay> {
    const scope = `endpoint/${key.endpoint}`
    const at = { project: key.project, scope, day, revision, computedAt: clock(), rows }
    const none = (state: 'failed' | 'unsupported', reason: string): ExplainedDay => ({
      ...at,
      state,
      reason,
      samples: 0,
      residual: null,
      definition: null,
      drift: null,
    })
    if (!version) return none('unsupported', 'the model is served elsewhere')
    if (masked.length > 0) return none('unsupported', `features stand masked on record: ${masked.join(', ')}`)
    try {
      const recorded = await readRecorded(events, key, { from: day, to: day + dayLength, revision }, { most: sampled })
      if (recorded.length < fewest)
        return none('unsupported', `only ${recorded.length} recorded rows are left of the day`)
      const names = [...new Set(recorded.flatMap(({ features }) => Object.keys(features)))]
      const explained = await explain(
        key.project,
        version,
        recorded.map((row) => instanceOf(row, names)),
        signal,
      )
      const rowsDone: RecordedRow[] = recorded.slice(0, explained.scores.length)
      await store.write(at, rowsDone, explained, segmentsOf(rowsDone))
      const baseline = await baselines.of(at, version, explained, (instances) =>
        explain(key.project, version, instances, signal),
      )
      return explainedDay(at, explained, await baselines.drift(key.project, baseline, explained.values))
    } catch (error) {
      signal.throwIfAborted()
      const known = asKedgeError(error)
      const lasting = known.class === 'unsupported' || known.class === 'invalid' || known.class === 'not_found'
      return none(lasting ? 'unsupported' : 'failed', known.class === 'internal' ? String(error) : known.message)
    }
  }

  return {
    kind: 'monitoring.explain',
    async run(job, { signal, progress }) {
      const key = { project: job.project, endpoint: job.payload.endpoint }
      const waiting = await due.of(key)
      if (waiting.length === 0) return
      const [revisions, masked] = await Promise.all([models.revisions(key), models.masked(key)])
      const now = waiting.slice(0, batch)
      const changed: number[] = []
      for (const [i, one] of now.entries()) {
        progress({ done: i, of: now.length })
        const found = await explainDay(key, one, revisions.get(one.revision), masked, signal)
        await store.record(key.project, `endpoint/${key.endpoint}`, found)
        if (found.state === 'explained' || one.isExplained) changed.push(one.day)
      }
      const hours = changed.flatMap((day) => Array.from({ length: 24 }, (_, i) => day + i * hour))
      const ends = endsHolding(windowOf(await settings.of(key)), hours)
      return {
        result: { days: now.length },
        async commit(change) {
          // the windows of these days are judged by what was explained too
          if (ends.size > 0) {
            await markEnds(change, key, ends, await nextMark(change, key))
            await enqueueEvaluate(change, jobs, key)
          }
          if (waiting.length > now.length) await due.enqueue(change, jobs, key)
        },
      }
    },
  }
}

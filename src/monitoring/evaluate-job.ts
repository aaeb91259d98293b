import type { Environment } from '../environment.ts'
import type { JobHandler } from '../jobs/job.ts'
import type { Change } from '../journal/journal.ts'
import { applyVerdict, type FamilyVerdict } from './alert-transitions.ts'
import { type DaySlice, loadDaySlices } from './day-slices.ts'
import { evaluateWindow, type FamilyScores, type Watchers } from './evaluate-window.ts'
import { day } from './event-day.ts'
import { rankCauses } from './rank-causes.ts'
import type { References } from './reference.ts'
import { encodeScore } from './scores.ts'
import type { SettingsStore } from './settings-store.ts'
import { type EndpointKey, enqueueEvaluate, nextMark } from './stale.ts'
import { readHourRows, trafficWeights } from './traffic-share.ts'
import { unmaskedReference } from './unmasked-reference.ts'
import type { DescribeEndpoint, WatchedRevision } from './watched-revision.ts'
import { ownReference, windowView } from './window-view.ts'

/** Windows that one job evaluates. */
const BATCH = 40

export interface EvaluateJobDependencies {
  environment: Pick<Environment, 'store' | 'events' | 'journal' | 'jobs'>
  describe: DescribeEndpoint
  references: References
  settings: SettingsStore
  watchers: Watchers
}

/**
 * Evaluates the monitors of windows that are stale and complete: the newest event time seen lies at or behind their end,
 * whatever the clock says. Scores are replaced, alerts move in the transaction that ends the job.
 */
export function createEvaluateJob(dependencies: EvaluateJobDependencies): JobHandler<{ endpoint: string }> {
  const { environment, describe, references, settings: settingsStore, watchers } = dependencies
  const { store, events, journal, jobs } = environment

  async function due(key: EndpointKey, windowDays: number) {
    const endpoint = await store.read
      .selectFrom('monitored_endpoints')
      .selectAll()
      .where('project', '=', key.project)
      .where('name', '=', key.endpoint)
      .executeTakeFirst()
    if (!endpoint?.last_prediction) return { windows: [], more: false, endpoint }
    const marked = await store.read
      .selectFrom('stale_windows')
      .select(['window_end', 'mark'])
      .where('project', '=', key.project)
      .where('endpoint', '=', key.endpoint)
      .where('window_end', '<=', Number(endpoint.last_prediction))
      .orderBy('window_end')
      .execute()
    const stale = await store.read
      .selectFrom('stale_buckets')
      .select('bucket')
      .where('project', '=', key.project)
      .where('endpoint', '=', key.endpoint)
      .execute()
    const buckets = stale.map((row) => Number(row.bucket))
    // a window with a stale hour would be judged half: recomputing the hour marks the window again
    const whole = (end: number) => !buckets.some((bucket) => bucket < end && bucket >= end - windowDays * day)
    const windows = marked.map((w) => ({ end: Number(w.window_end), mark: w.mark })).filter((w) => whole(w.end))
    return { windows: windows.slice(0, BATCH), more: windows.length > BATCH, endpoint }
  }

  return {
    kind: 'monitoring.evaluate',
    async run(job, { signal }) {
      const key = { project: job.project, endpoint: job.payload.endpoint }
      const version = await journal.change({ actor: job.actor }, (change) => nextMark(change, key))
      const settings = await settingsStore.of(key)
      const { windows, more, endpoint } = await due(key, settings.window_days)
      if (windows.length === 0 || !endpoint) return
      const watched = await describe(key)
      const scope = `endpoint/${key.endpoint}`
      const first = windows[0]!.end - settings.window_days * day
      const load = (from: number, to: number) => loadDaySlices(events, { project: key.project, scope, from, to })
      const [days, hours] = await Promise.all([
        load(first, windows.at(-1)!.end),
        readHourRows(events, { project: key.project, scope, from: first, to: windows.at(-1)!.end }),
      ])
      const weight = trafficWeights(hours)
      // the first days of revisions without a reference of their own
      let early: DaySlice[] | undefined
      const earlyDays = async () => {
        early ??= await load(Number(endpoint.first_prediction ?? first), Number(endpoint.last_prediction))
        return early
      }

      const rows: object[] = []
      const verdicts: FamilyVerdict[] = []
      for (const { end } of windows) {
        signal.throwIfAborted()
        const byFamily = new Map<string, FamilyVerdict & { judged: boolean }>()
        const answering = answeringIn(days, end - settings.window_days * day, end)
        for (const revision of [...new Set(days.map((d) => d.revision))]) {
          const known = watched.revisions.find((r) => r.revision === revision)
          const window = windowView(
            days,
            revision,
            end,
            settings.window_days,
            endpoint.last_actual === null ? null : Number(endpoint.last_actual),
            known?.task,
            weight,
          )
          if (!window) continue
          const found =
            (known && (await references.of(key.project, known, watched.threshold, settings.segments))) ??
            ownReference(await earlyDays(), revision, key.endpoint, window.start)
          const reference = found && unmaskedReference(found, watched.masked)
          const families = evaluateWindow(window, reference, settings, watchers)
          for (const { scores } of families)
            rows.push(...scores.map((score) => encodeScore(key, window, score, version)))
          if (answering.has(revision))
            collect(byFamily, window, families, known, () =>
              rankCauses(window, reference, families, isNew(days, revision, window.start)),
            )
        }
        for (const { judged, ...verdict } of byFamily.values()) if (judged) verdicts.push(verdict)
      }
      await events.insert('scores', rows, { token: `${key.project}/${key.endpoint}/${version}` })
      return {
        result: { windows: windows.length, scores: rows.length },
        async commit(change) {
          for (const window of windows) {
            // rows that came meanwhile may be in what was read by halves: the window is computed again
            if (!(await untouched(change, key, window, settings.window_days))) continue
            for (const verdict of verdicts.filter(({ windowEnd }) => windowEnd === window.end))
              await applyVerdict(change, key, verdict, settings.healthy_windows)
            await change.db
              .deleteFrom('stale_windows')
              .where('project', '=', key.project)
              .where('endpoint', '=', key.endpoint)
              .where('window_end', '=', window.end)
              .where('mark', '=', window.mark)
              .execute()
          }
          if (more) await enqueueEvaluate(change, jobs, key)
        },
      }
    },
  }
}

/** Whether no hour of the window was marked since it was found to be complete. */
async function untouched(
  { db }: Pick<Change, 'db'>,
  { project, endpoint }: EndpointKey,
  { end, mark }: { end: number; mark: number },
  windowDays: number,
): Promise<boolean> {
  const window = await db
    .selectFrom('stale_windows')
    .select('mark')
    .where('project', '=', project)
    .where('endpoint', '=', endpoint)
    .where('window_end', '=', end)
    .executeTakeFirst()
  if (!window || Number(window.mark) !== Number(mark)) return false
  const hour = await db
    .selectFrom('stale_buckets')
    .select('bucket')
    .where('project', '=', project)
    .where('endpoint', '=', endpoint)
    .where('bucket', '>=', end - windowDays * day)
    .where('bucket', '<', end)
    .limit(1)
    .executeTakeFirst()
  return hour === undefined
}

/** The revisions that answered callers on the last day of the window that has answers: only they raise or end an alert. */
function answeringIn(days: readonly DaySlice[], start: number, end: number): Set<number> {
  const inside = days.filter((d) => d.day >= start && d.day < end && d.slice.live > 0)
  const last = inside.reduce((latest, d) => Math.max(latest, d.day), 0)
  return new Set(inside.filter((d) => d.day === last).map((d) => d.revision))
}

/** Another revision answered before it within the days at hand. */
const isNew = (days: readonly DaySlice[], revision: number, start: number) => {
  const firstLive = (r: number) => days.find((d) => d.revision === r && d.slice.live > 0)?.day ?? Infinity
  const own = firstLive(revision)
  return own >= start && days.some((d) => d.revision < revision && d.slice.live > 0 && d.day <= own)
}

function collect(
  byFamily: Map<string, FamilyVerdict & { judged: boolean }>,
  window: { revision: number; start: number; end: number },
  families: readonly FamilyScores[],
  known: WatchedRevision | undefined,
  causes: () => ReturnType<typeof rankCauses>,
) {
  for (const { family, scores } of families) {
    const verdict = byFamily.get(family) ?? {
      family,
      windowStart: window.start,
      windowEnd: window.end,
      violations: [],
      causes: [],
      model: null,
      version: null,
      judged: false,
    }
    byFamily.set(family, verdict)
    // an estimate or a value without limit is no verdict
    if (scores.some((score) => score.thresholdLow !== null || score.thresholdHigh !== null)) verdict.judged = true
    const violating = scores.filter((score) => score.state === 'violation')
    if (violating.length === 0) continue
    if (verdict.violations.length === 0) {
      verdict.causes = causes()
      verdict.model = known?.model ?? null
      verdict.version = known?.version ?? null
    }
    verdict.violations.push(
      ...violating.map(({ monitor, feature, value, thresholdLow, thresholdHigh, samples }) => ({
        windowStart: window.start,
        windowEnd: window.end,
        revision: window.revision,
        monitor,
        feature,
        value,
        thresholdLow,
        thresholdHigh,
        samples,
      })),
    )
  }
}

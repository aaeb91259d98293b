import type { Attributions } from '../contracts/monitor-kind.ts'
import type { Environment } from '../environment.ts'
import type { JobHandler } from '../jobs/job.ts'
import type { Change } from '../journal/journal.ts'
import { applyVerdict, type FamilyVerdict } from './alert-transitions.ts'
import type { DaySlice } from './day-slices.ts'
import { evaluateWindow, type FamilyScores, type Watchers } from './evaluate-window.ts'
import { hour } from './event-day.ts'
import type { LoadAttributions } from './explained-windows.ts'
import { againstOf, windowOf } from './monitor-settings.ts'
import { rankCauses } from './rank-causes.ts'
import type { References } from './reference.ts'
import { encodeScore } from './scores.ts'
import type { SettingsStore } from './settings-store.ts'
import { type EndpointKey, enqueueAgain, enqueueEvaluate, nextMark } from './stale.ts'
import { type HourRows, readHourRows } from './traffic-share.ts'
import type { DescribeEndpoint, WatchedRevision } from './watched-revision.ts'
import { type AddSamples, createWindowSamples } from './window-samples.ts'
import { loadWindows } from './windows/load-windows.ts'
import { endsHolding, type HourCount, windowsEnding } from './windows/window-bounds.ts'
import { type WindowSpec, windowText } from './windows/window-spec.ts'

/** Windows that one job evaluates. */
const BATCH = 40

export interface EvaluateJobDependencies {
  environment: Pick<Environment, 'store' | 'events' | 'journal' | 'jobs' | 'clock'>
  describe: DescribeEndpoint
  references: References
  settings: SettingsStore
  watchers: Watchers
  /** of a revision's windows, in their order */
  attributions: LoadAttributions
}

/** After so long a window is tried again whose monitors could not run. */
const AGAIN = 10 * 60_000

/**
 * Evaluates the monitors of windows that are stale and complete: the newest event time seen lies at or behind their end,
 * whatever the clock says. Scores are replaced, alerts move in the transaction that ends the job. A window with a family that
 * could not run keeps its mark and is tried again.
 */
export function createEvaluateJob(dependencies: EvaluateJobDependencies): JobHandler<{ endpoint: string }> {
  const { environment, describe, references, settings: settingsStore, watchers, attributions } = dependencies
  const { store, events, journal, jobs, clock } = environment
  const withSamples = createWindowSamples(events)

  async function due(key: EndpointKey, spec: WindowSpec) {
    const endpoint = await store.read
      .selectFrom('monitored_endpoints')
      .selectAll()
      .where('project', '=', key.project)
      .where('name', '=', key.endpoint)
      .executeTakeFirst()
    if (!endpoint?.last_prediction) return { marks: [], plan: { windows: [], parts: [] }, more: false, endpoint }
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
    const rows =
      spec.kind === 'count'
        ? await readHourRows(events, { ...scopeOf(key), from: 0, to: endpoint.last_prediction })
        : []
    const starts = new Map(
      windowsEnding(
        spec,
        marked.map((w) => Number(w.window_end)),
        perHour(rows),
      ).windows.map(({ start, end }) => [end, start]),
    )
    // a window with a stale hour would be judged half: recomputing the hour marks the window again
    const whole = (end: number) => !buckets.some((bucket) => bucket < end && bucket >= starts.get(end)!)
    const marks = marked.map((w) => ({ end: Number(w.window_end), mark: w.mark })).filter((w) => whole(w.end))
    const batch = marks.slice(0, BATCH).map(({ end, mark }) => ({ start: starts.get(end)!, end, mark }))
    // the settings may have made these no windows any more
    const valid = batch.filter(({ end }) => endsHolding(spec, [end - hour]).has(end))
    const plan = windowsEnding(
      spec,
      valid.map(({ end }) => end),
      perHour(rows),
    )
    return { marks: batch, plan, more: marks.length > BATCH, endpoint }
  }

  return {
    kind: 'monitoring.evaluate',
    async run(job, { signal }) {
      const key = { project: job.project, endpoint: job.payload.endpoint }
      const version = await journal.change({ actor: job.actor }, (change) => nextMark(change, key))
      const settings = await settingsStore.of(key)
      const spec = windowOf(settings)
      const { marks, plan, more, endpoint } = await due(key, spec)
      if (marks.length === 0 || !endpoint) return
      const watched = await describe(key)
      const { parts, revisions } = await loadWindows({ events, references }, key, {
        plan,
        against: againstOf(settings),
        watched,
        settings,
        first: Number(endpoint.first_prediction ?? 0),
        last: Number(endpoint.last_prediction),
        lastActual: endpoint.last_actual === null ? null : Number(endpoint.last_actual),
      })
      const sampled = watchers.kinds.some(({ needs, family }) => needs === 'sample' && !settings.off.includes(family))

      const added = new Map<number, AddSamples>()
      if (sampled)
        for (const { revision } of revisions) added.set(revision, await withSamples(key, revision, plan.windows))

      const attributed = new Map<number, (Attributions | undefined)[]>()
      if (!settings.off.includes('attribution'))
        for (const { revision } of revisions) attributed.set(revision, await attributions(key, revision, plan.windows))

      const rows: object[] = []
      const verdicts: FamilyVerdict[] = []
      const failed = new Set<number>()
      for (const [i, { start, end }] of plan.windows.entries()) {
        const byFamily = new Map<string, FamilyVerdict & { judged: boolean }>()
        const answering = answeringIn(parts, start, end)
        for (const { revision, known, windows } of revisions) {
          signal.throwIfAborted()
          const { view, reference: profiled } = windows[i]!
          if (view.days === 0) continue
          const found = attributed.get(revision)?.[i]
          const own = found ? { ...view, attributions: found } : view
          const [window, reference] = (await added.get(revision)?.(own, profiled)) ?? [own, profiled]
          const families = evaluateWindow(window, reference, settings, watchers)
          for (const { scores } of families) {
            if (scores.some(({ state }) => state === 'failed')) failed.add(end)
            rows.push(...scores.map((score) => encodeScore(key, window, score, version, windowText(spec))))
          }
          if (answering.has(revision))
            collect(byFamily, window, families, known, () =>
              rankCauses(window, reference, families, isNew(parts, revision, start)),
            )
        }
        for (const { judged, ...verdict } of byFamily.values()) if (judged) verdicts.push(verdict)
      }
      await events.insert('scores', rows, { token: `${key.project}/${key.endpoint}/${version}` })
      return {
        result: { windows: plan.windows.length, scores: rows.length, failed: failed.size },
        async commit(change) {
          for (const window of marks) {
            // rows that came meanwhile may be in what was read by halves: the window is computed again
            if (!(await untouched(change, key, window))) continue
            for (const verdict of verdicts.filter(({ windowEnd }) => windowEnd === window.end))
              await applyVerdict(change, key, verdict, settings.healthy_windows)
            if (failed.has(window.end)) continue
            await change.db
              .deleteFrom('stale_windows')
              .where('project', '=', key.project)
              .where('endpoint', '=', key.endpoint)
              .where('window_end', '=', window.end)
              .where('mark', '=', window.mark)
              .execute()
          }
          if (failed.size > 0) await enqueueAgain(change, jobs, key, clock() + AGAIN)
          if (more && failed.size < marks.length) await enqueueEvaluate(change, jobs, key)
        },
      }
    },
  }
}

const scopeOf = ({ project, endpoint }: EndpointKey) => ({ project, scope: `endpoint/${endpoint}` })

/** Rows of all revisions together. */
function perHour(rows: readonly HourRows[]): HourCount[] {
  const hours = new Map<number, number>()
  for (const { hour: at, rows: n } of rows) hours.set(at, (hours.get(at) ?? 0) + n)
  return [...hours].sort((a, b) => a[0] - b[0]).map(([at, n]) => ({ hour: at, rows: n }))
}

/** Whether no hour of the window was marked since it was found to be complete. */
async function untouched(
  { db }: Pick<Change, 'db'>,
  { project, endpoint }: EndpointKey,
  { start, end, mark }: { start: number; end: number; mark: number },
): Promise<boolean> {
  const window = await db
    .selectFrom('stale_windows')
    .select('mark')
    .where('project', '=', project)
    .where('endpoint', '=', endpoint)
    .where('window_end', '=', end)
    .executeTakeFirst()
  if (!window || Number(window.mark) !== Number(mark)) return false
  const stale = await db
    .selectFrom('stale_buckets')
    .select('bucket')
    .where('project', '=', project)
    .where('endpoint', '=', endpoint)
    .where('bucket', '>=', start)
    .where('bucket', '<', end)
    .limit(1)
    .executeTakeFirst()
  return stale === undefined
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

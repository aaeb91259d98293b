import type { MonitorScore, NowView } from '../contracts/monitor-kind.ts'
import type { Environment } from '../environment.ts'
import { applyVerdict } from './alert-transitions.ts'
import { settingsFor, type Watchers } from './evaluate-window.ts'
import { day, dayOf, hour, hourOf } from './event-day.ts'
import { encodeScore } from './scores.ts'
import type { SettingsStore } from './settings-store.ts'
import type { EndpointKey } from './stale.ts'
import { readHourRows } from './traffic-share.ts'

const kind = 'monitoring.freshness'
const reach = 63 * day
/** Actuals of a prediction that are looked at: more are sampled. */
const mostJoined = 50_000
/** Predictions whose event times lie further behind their receipt are no live traffic: somebody plays the past. */
const live = day

export interface FreshnessDependencies {
  environment: Pick<Environment, 'store' | 'events' | 'journal' | 'jobs' | 'clock'>
  settings: SettingsStore
  watchers: Watchers
}

/** Looks by the clock at what does not come: evaluation of windows waits for rows, and notices nothing when there are none. */
export function createFreshness({ environment, settings, watchers }: FreshnessDependencies) {
  const { store, events, journal, jobs, clock } = environment
  const kinds = watchers.kinds.filter(({ atNow }) => atNow)

  async function isLive({ project, endpoint }: EndpointKey, last: number): Promise<boolean> {
    const [found] = await events.query<{ behind: number }>(
      `SELECT toUnixTimestamp64Milli(max(received_at)) - toUnixTimestamp64Milli(max(time)) AS behind FROM predictions
       WHERE project = {project:String} AND endpoint = {endpoint:String}
         AND time >= toDateTime64({from:UInt32}, 3, 'UTC') AND time < toDateTime64({to:UInt32}, 3, 'UTC')`,
      { project, endpoint, from: hourOf(last) / 1000, to: hourOf(last) / 1000 + 3600 },
    )
    return found!.behind < live
  }

  /** When actuals came, of a sample of the predictions that is the same every time. */
  async function arrivalsOf({ project, endpoint }: EndpointKey, from: number, rows: number) {
    return events.query<NowView['arrivals'][number]>(
      `SELECT toUnixTimestamp(toStartOfHour(a.received_at)) * 1000 + ${hour} AS at, toUnixTimestamp64Milli(max(p.time)) AS time
       FROM (SELECT id, received_at FROM actuals FINAL WHERE project = {project:String} AND endpoint = {endpoint:String}
         AND received_at >= toDateTime64({from:UInt32}, 3, 'UTC') AND cityHash64(id) % {every:UInt32} = 0) AS a
       INNER JOIN (SELECT id, time FROM predictions WHERE project = {project:String} AND endpoint = {endpoint:String}
         AND time >= toDateTime64({from:UInt32}, 3, 'UTC') AND cityHash64(id) % {every:UInt32} = 0) AS p ON p.id = a.id
       GROUP BY at ORDER BY at`,
      {
        project,
        endpoint,
        from: Math.max(0, Math.floor(from / 1000)),
        every: Math.max(1, Math.ceil(rows / mostJoined)),
      },
    )
  }

  async function look(key: EndpointKey, last: number, lastActual: number | null): Promise<void> {
    const now = clock()
    const own = await settings.of(key)
    const asked = kinds.filter(({ family }) => !own.off.includes(family))
    if (asked.length === 0 || !(await isLive(key, last))) return
    const hours = await readHourRows(events, {
      project: key.project,
      scope: `endpoint/${key.endpoint}`,
      from: hourOf(now - reach),
      to: hourOf(now) + 2 * hour,
    })
    const active = [...new Set(hours.filter((row) => row.live > 0).map((row) => row.hour))].sort((a, b) => a - b)
    const rows = hours.reduce((sum, row) => sum + row.live, 0)
    const arrivals = lastActual === null ? [] : await arrivalsOf(key, now - reach, rows)
    const revision = hours.findLast((row) => row.hour === active.at(-1) && row.live > 0)?.revision ?? 0
    for (const { family, atNow } of asked) {
      const scores = atNow!({ now, active, arrivals }, settingsFor(kindOf(family), watchers, own))
      const window = { revision, start: dayOf(now), end: dayOf(now) + day, days: 1 }
      await events.insert(
        'scores',
        scores.map((score) => encodeScore(key, window, score, now, { window: 'now', zone: own.zone })),
      )
      await tell(key, family, scores, { start: last, end: hourOf(last) + hour, now, revision })
    }
  }

  const kindOf = (family: string) => kinds.find((one) => one.family === family)!

  /** One silence is one window, however often it is looked at: closed by a person it stays closed. */
  async function tell(
    key: EndpointKey,
    family: string,
    scores: readonly MonitorScore[],
    { start, end, now, revision }: { start: number; end: number; now: number; revision: number },
  ): Promise<void> {
    const found = scores.filter(({ state }) => state === 'violation')
    const judged = scores.some(({ thresholdHigh }) => thresholdHigh !== null)
    const open = await store.read
      .selectFrom('alerts')
      .select('id')
      .where('project', '=', key.project)
      .where('endpoint', '=', key.endpoint)
      .where('family', '=', family)
      .where('state', '=', 'open')
      .executeTakeFirst()
    if (found.length === 0 && (!open || !judged)) return
    const silent = found.some(({ monitor }) => monitor === 'freshness.predictions')
    // while predictions come, lateness goes on from day to day
    const windowEnd = found.length === 0 ? now : silent ? end : dayOf(end) + day
    const violations = found.map(({ monitor, feature, value, thresholdLow, thresholdHigh, samples }) => ({
      windowStart: start,
      windowEnd,
      revision,
      ...{ monitor, feature, value, thresholdLow, thresholdHigh, samples },
    }))
    const verdict = { family, windowStart: start, windowEnd, violations, causes: [], model: null, version: null }
    await journal.change({ actor: 'monitoring' }, (change) => applyVerdict(change, key, verdict, 1))
  }

  jobs.handle({
    kind,
    async run(_job, { signal }) {
      const now = clock()
      const endpoints = await store.read
        .selectFrom('monitored_endpoints')
        .select(['project', 'name', 'last_prediction', 'last_actual'])
        .where('last_prediction', '>=', now - reach)
        .where('last_prediction', '<=', now + live)
        .orderBy('project')
        .orderBy('name')
        .execute()
      for (const { project, name, last_prediction, last_actual } of endpoints) {
        signal.throwIfAborted()
        await look(
          { project, endpoint: name },
          Number(last_prediction),
          last_actual === null ? null : Number(last_actual),
        )
      }
      return { result: { endpoints: endpoints.length } }
    },
  })

  return {
    /** Has it looked at every quarter of an hour. */
    start: () =>
      journal.change({ actor: 'monitoring' }, (change) =>
        jobs.schedule(change, { name: kind, cron: '*/15 * * * *', kind, project: '', payload: {} }),
      ),
  }
}

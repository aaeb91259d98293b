import { KedgeError } from '../errors.ts'
import type { Change } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { Cause } from './rank-causes.ts'
import type { EndpointKey } from './stale.ts'

export interface Violation {
  windowStart: number
  windowEnd: number
  revision: number
  monitor: string
  feature: string
  value: number | null
  thresholdLow: number | null
  thresholdHigh: number | null
  samples: number
}

/** What one window says of one family, over the revisions that answered callers in it. */
export interface FamilyVerdict {
  family: string
  windowStart: number
  windowEnd: number
  violations: Violation[]
  causes: Cause[]
  model: string | null
  version: number | null
}

/** Violations kept with an alert; the first ones, so that it stays readable. */
const MOST_VIOLATIONS = 100

/**
 * Opens, extends or closes the family's alert. At most one is open; a violation of a window that a closed alert already
 * covered does not open another, so late data raises no old alarm anew. A window that is computed again and no longer
 * violates is taken out of the open alert; when it was the last one, the alert is closed: it was raised by a part of the rows.
 */
export async function applyVerdict(
  change: Change,
  key: EndpointKey,
  verdict: FamilyVerdict,
  healthyWindows: number,
): Promise<void> {
  const { db } = change
  const last = await db
    .selectFrom('alerts')
    .selectAll()
    .where('project', '=', key.project)
    .where('endpoint', '=', key.endpoint)
    .where('family', '=', verdict.family)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  const open = last?.state === 'open' ? last : undefined
  if (verdict.violations.length > 0) {
    if (open) {
      const known = fromJson<Violation[]>(open.violations).filter((v) => v.windowEnd !== verdict.windowEnd)
      const violations = [...known, ...verdict.violations].slice(0, MOST_VIOLATIONS)
      const lastEnd = Math.max(Number(open.last_window_end), verdict.windowEnd)
      const healthy = fromJson<number[]>(open.healthy).filter((end) => end > lastEnd)
      await db
        .updateTable('alerts')
        .set({ violations: toJson(violations), last_window_end: lastEnd, healthy: toJson(healthy) })
        .where('id', '=', open.id)
        .execute()
    } else if ((await covered(change, key, verdict.family)) < verdict.windowEnd) await openAlert(change, key, verdict)
    return
  }
  if (!open) return
  if (verdict.windowEnd <= Number(open.last_window_end)) {
    await takeBack(change, key, open, verdict.windowEnd)
    return
  }
  const healthy = [...new Set([...fromJson<number[]>(open.healthy), verdict.windowEnd])]
  if (healthy.length < healthyWindows) {
    await db
      .updateTable('alerts')
      .set({ healthy: toJson(healthy) })
      .where('id', '=', open.id)
      .execute()
    return
  }
  const reason = healthyWindows === 1 ? 'the next window is healthy' : `the last ${healthyWindows} windows are healthy`
  await closeAlert(change, key.project, Number(open.id), change.context.actor, reason)
}

/** The end of the last window that an alert of the family has covered; those that were taken back cover none. */
async function covered({ db }: Change, key: EndpointKey, family: string): Promise<number> {
  const { last } = await db
    .selectFrom('alerts')
    .select((e) => e.fn.max('last_window_end').as('last'))
    .where('project', '=', key.project)
    .where('endpoint', '=', key.endpoint)
    .where('family', '=', family)
    .where('violations', '!=', toJson([]))
    .executeTakeFirstOrThrow()
  return Number(last ?? 0)
}

/** Takes a window out of an open alert. */
async function takeBack(
  change: Change,
  key: EndpointKey,
  open: { id: number; violations: string },
  windowEnd: number,
): Promise<void> {
  const known = fromJson<Violation[]>(open.violations)
  const left = known.filter((violation) => violation.windowEnd !== windowEnd)
  if (left.length === known.length) return
  const ends = left.map((violation) => violation.windowEnd)
  await change.db
    .updateTable('alerts')
    .set({
      violations: toJson(left),
      ...(left.length > 0 ? { first_window_end: Math.min(...ends), last_window_end: Math.max(...ends) } : {}),
    })
    .where('id', '=', open.id)
    .execute()
  if (left.length === 0)
    await closeAlert(
      change,
      key.project,
      Number(open.id),
      change.context.actor,
      'taken back: computed again with rows that came later, none of its windows violates',
    )
}

async function openAlert(change: Change, key: EndpointKey, verdict: FamilyVerdict): Promise<void> {
  const { revision } = verdict.violations[0]!
  const violations = verdict.violations.slice(0, MOST_VIOLATIONS)
  const { id } = await change.db
    .insertInto('alerts')
    .values({
      ...key,
      family: verdict.family,
      state: 'open',
      revision,
      opened_at: change.now,
      closed_at: null,
      first_window_end: verdict.windowEnd,
      last_window_end: verdict.windowEnd,
      violations: toJson(violations),
      causes: toJson(verdict.causes),
      healthy: '[]',
      closed_by: null,
      reason: null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  change.append({
    type: 'alert.opened',
    project: key.project,
    subject: `alert/${id}`,
    data: {
      alert: Number(id),
      endpoint: key.endpoint,
      family: verdict.family,
      revision,
      model: verdict.model,
      version: verdict.version,
      windowStart: verdict.windowStart,
      windowEnd: verdict.windowEnd,
      violations: violations.slice(0, 20).map(({ monitor, feature, value, thresholdLow, thresholdHigh, samples }) => ({
        monitor,
        feature,
        value,
        thresholdLow,
        thresholdHigh,
        samples,
      })),
      causes: verdict.causes,
    },
  })
}

/** Closes an open alert. Errors: `not_found`, `conflict` when it is closed. */
export async function closeAlert(
  change: Change,
  project: string,
  id: number,
  by: string,
  reason: string,
): Promise<void> {
  const row = await change.db
    .selectFrom('alerts')
    .selectAll()
    .where('project', '=', project)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) throw new KedgeError('not_found', { kind: 'Alert', name: id })
  if (row.state === 'closed') throw new KedgeError('conflict', { what: `Alert ${id} is closed already` })
  await change.db
    .updateTable('alerts')
    .set({ state: 'closed', closed_at: change.now, closed_by: by, reason })
    .where('id', '=', id)
    .execute()
  change.append({
    type: 'alert.closed',
    project,
    subject: `alert/${id}`,
    data: {
      alert: id,
      endpoint: row.endpoint,
      family: row.family,
      by,
      reason,
      violations: fromJson<Violation[]>(row.violations).length,
    },
  })
}

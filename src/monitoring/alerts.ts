import type { Selectable } from 'kysely'
import { KedgeError } from '../errors.ts'
import type { ChangeContext, Journal } from '../journal/journal.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import type { MonitoringTables } from '../storage/sql/tables/monitoring.ts'
import { closeAlert, type Violation } from './alert-transitions.ts'
import type { Cause } from './rank-causes.ts'

export interface Alert {
  id: number
  endpoint: string
  family: string
  state: 'open' | 'closed'
  revision: number
  openedAt: number
  closedAt: number | null
  firstWindowEnd: number
  lastWindowEnd: number
  violations: Violation[]
  causes: Cause[]
  closedBy: string | null
  reason: string | null
  /** id of the journal's event that opened it */
  event: number | null
}

export interface AlertFilter {
  endpoint?: string
  state?: 'open' | 'closed'
  limit?: number
}

export interface Alerts {
  /** newest first */
  list(project: string, filter?: AlertFilter): Promise<Alert[]>
  /** Errors: `not_found`. */
  get(project: string, id: number): Promise<Alert>
  /** By a person, with a reason. Errors: `not_found`, `conflict`. */
  close(context: ChangeContext, project: string, id: number, reason: string): Promise<Alert>
}

/** The alerts of a project's endpoints. */
export function createAlerts({ store, journal }: { store: SqlStore; journal: Journal }): Alerts {
  const alerts: Alerts = {
    async list(project, filter = {}) {
      let query = store.read
        .selectFrom('alerts')
        .selectAll()
        .where('project', '=', project)
        .orderBy('id', 'desc')
        .limit(filter.limit ?? 200)
      if (filter.endpoint !== undefined) query = query.where('endpoint', '=', filter.endpoint)
      if (filter.state !== undefined) query = query.where('state', '=', filter.state)
      return withEvents(project, await query.execute())
    },
    async get(project, id) {
      const rows = await store.read
        .selectFrom('alerts')
        .selectAll()
        .where('project', '=', project)
        .where('id', '=', id)
        .execute()
      const [found] = await withEvents(project, rows)
      if (!found) throw new KedgeError('not_found', { kind: 'Alert', name: id })
      return found
    },
    async close(context, project, id, reason) {
      await journal.change(context, (change) => closeAlert(change, project, id, context.actor, reason))
      return alerts.get(project, id)
    },
  }

  async function withEvents(project: string, rows: Selectable<MonitoringTables['alerts']>[]): Promise<Alert[]> {
    if (rows.length === 0) return []
    const events = await store.read
      .selectFrom('journal')
      .select(['id', 'subject'])
      .where('project', '=', project)
      .where('type', '=', 'alert.opened')
      .where(
        'subject',
        'in',
        rows.map((row) => `alert/${row.id}`),
      )
      .execute()
    const bySubject = new Map(events.map((event) => [event.subject, Number(event.id)]))
    return rows.map((row) => ({
      id: Number(row.id),
      endpoint: row.endpoint,
      family: row.family,
      state: row.state,
      revision: row.revision,
      openedAt: Number(row.opened_at),
      closedAt: row.closed_at === null ? null : Number(row.closed_at),
      firstWindowEnd: Number(row.first_window_end),
      lastWindowEnd: Number(row.last_window_end),
      violations: fromJson(row.violations),
      causes: fromJson(row.causes),
      closedBy: row.closed_by,
      reason: row.reason,
      event: bySubject.get(`alert/${row.id}`) ?? null,
    }))
  }
  return alerts
}

import type { MonitorKind } from '../contracts/monitor-kind.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext, Journal } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import { shareOutAlarms } from './alarm-budget.ts'
import { type EndpointMonitorSettings, type EndpointMonitorSettingsInput, monitorSettings } from './monitor-settings.ts'
import { type EndpointKey, nextMark } from './stale.ts'

export interface SettingsStore {
  /** What windows are judged by: with every default filled in, and the promise of false alarms shared out to the families. */
  of(key: EndpointKey): Promise<EndpointMonitorSettings>
  /** With every default filled in, as whoever changes them wants to see them. */
  stated(key: EndpointKey): Promise<EndpointMonitorSettings>
  /** As they were given; undefined when nothing was. */
  given(key: EndpointKey): Promise<EndpointMonitorSettingsInput | undefined>
  /** Replaces them; false when nothing changed. Errors: `invalid_input`. */
  set(context: ChangeContext, key: EndpointKey, settings: EndpointMonitorSettingsInput): Promise<boolean>
}

/** The settings of endpoints' monitors, in the SQL store. */
export function createSettingsStore({
  store,
  journal,
  kinds,
}: {
  store: SqlStore
  journal: Journal
  /** the families that there are */
  kinds: readonly Pick<MonitorKind, 'family' | 'alpha'>[]
}): SettingsStore {
  const given = async ({ project, endpoint }: EndpointKey) => {
    const row = await store.read
      .selectFrom('monitored_endpoints')
      .select('settings')
      .where('project', '=', project)
      .where('name', '=', endpoint)
      .executeTakeFirst()
    return fromJson<EndpointMonitorSettingsInput>(row?.settings ?? null) ?? undefined
  }
  const stated = async (key: EndpointKey) => monitorSettings.parse((await given(key)) ?? {})
  return {
    given,
    stated,
    of: async (key) => shareOutAlarms(await stated(key), kinds),
    async set(context, key, settings) {
      const parsed = monitorSettings.safeParse(settings)
      if (!parsed.success)
        throw new KedgeError(
          'invalid_input',
          { what: 'The settings of the monitors are not valid' },
          { places: parsed.error.issues.map((issue) => ({ where: issue.path.join('.'), what: issue.message })) },
        )
      return journal.change(context, async (change) => {
        await nextMark(change, key)
        const row = await change.db
          .selectFrom('monitored_endpoints')
          .select('settings')
          .where('project', '=', key.project)
          .where('name', '=', key.endpoint)
          .executeTakeFirstOrThrow()
        // what says no more than the defaults is no setting
        const text = toJson(parsed.data) === toJson(monitorSettings.parse({})) ? null : toJson(settings)
        if (row.settings === text) return false
        await change.db
          .updateTable('monitored_endpoints')
          .set({ settings: text })
          .where('project', '=', key.project)
          .where('name', '=', key.endpoint)
          .execute()
        change.append({
          type: 'monitors.changed',
          project: key.project,
          subject: `endpoint/${key.endpoint}`,
          data: { endpoint: key.endpoint, before: fromJson(row.settings), after: settings },
        })
        return true
      })
    },
  }
}

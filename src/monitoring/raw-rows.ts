import type { EventsStore } from '../storage/events/events-store.ts'

type Table =
  | 'predictions'
  | 'actuals'
  | 'samples'
  | 'profiles'
  | 'profile_days'
  | 'performance'
  | 'performance_days'
  | 'attributions'
  | 'importance_days'

/** Deletes rows for good: resolves once no part on disk holds them any more. Repeating it changes nothing. */
export const deleteRows = (
  events: EventsStore,
  table: Table,
  where: string,
  params: Record<string, unknown>,
): Promise<void> =>
  events.command(`ALTER TABLE ${table} DELETE WHERE ${where} SETTINGS mutations_sync = 2`, params, { repeatable: true })

export const ofEndpoint = 'project = {project:String} AND endpoint = {endpoint:String}'
export const ofScope = 'project = {project:String} AND scope = {scope:String}'

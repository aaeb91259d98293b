import type { EndpointMonitorSettingsInput } from '../monitoring/monitor-settings.ts'
import type { ColumnRequest } from './align-columns.ts'

export interface TablesRequest extends ColumnRequest {
  /** absolute paths */
  reference: string
  current: string
  /** the value of target and prediction that is the positive class; 1 or true when absent */
  positive?: string
  /** a score of at least this is predicted positive */
  threshold: number
  /** a distance below it is no violation, however certain it is */
  smallest: number
  /** as those of an endpoint's monitors: alpha, limits, drift metric, least rows */
  monitors: EndpointMonitorSettingsInput
  /** bytes that the engine may use; half of the machine's when absent */
  memory?: number
}

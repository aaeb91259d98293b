import type { ApiClient } from '../api-client.ts'
import type { StageReport } from './stage-report.ts'

export interface LoopOptions {
  /** of the server; waits while it is away */
  api: ApiClient
  /** folder for the client's own files: acknowledgements, plot */
  folder: string
  cwd: string
  report: StageReport
  signal: AbortSignal
  /** first and last day of the replay, midnight UTC; the last is not in it */
  from?: number
  until?: number
  /** least time a day takes, in milliseconds, so that one can watch */
  pace?: number
  /** how often the server was started again so far */
  restarts?(): number
}

import type { InferenceReport } from './inference-report.ts'
import type { WatchedRequest } from './watched-request.ts'

export interface ReportedRequest extends WatchedRequest {
  /** the inference process that answered it */
  node: string
}

/** requests of each kind that are told of an endpoint */
const most = 50
/** how long what a process told is remembered after it has gone, in milliseconds */
const remembered = 24 * 3_600_000

/** The slowest and the failed requests of endpoints, as inference processes tell them; in memory only. */
export function createRequestReports(clock: () => number) {
  const told = new Map<string, { endpoint: number; slow: ReportedRequest[]; failed: ReportedRequest[]; at: number }>()

  return {
    take(report: Pick<InferenceReport, 'boot' | 'node' | 'requests'>): void {
      const at = clock()
      const from = (requests: WatchedRequest[]) => requests.map((one) => ({ ...one, node: report.node }))
      for (const { endpoint, requests } of report.requests)
        told.set(`${endpoint}/${report.boot}`, {
          endpoint,
          slow: from(requests.slow),
          failed: from(requests.failed),
          at,
        })
      for (const [key, one] of told) if (at - one.at > remembered) told.delete(key)
    },

    /** Slowest first, and newest first. */
    of(endpoint: number): { slow: ReportedRequest[]; failed: ReportedRequest[] } {
      const all = [...told.values()].filter((one) => one.endpoint === endpoint)
      return {
        slow: all
          .flatMap((one) => one.slow)
          .sort((a, b) => b.total - a.total)
          .slice(0, most),
        failed: all
          .flatMap((one) => one.failed)
          .sort((a, b) => b.at - a.at)
          .slice(0, most),
      }
    },
  }
}

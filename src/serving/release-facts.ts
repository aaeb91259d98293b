import type { Logger } from '../log.ts'
import type { EndpointRow } from './endpoint-rows.ts'
import type { StageFacts } from './judge-stage.ts'
import { type PerformanceSource, pairedLossOf } from './paired-loss.ts'
import type { Release } from './release.ts'
import { noCounters } from './revision-counters.ts'
import type { RevisionReports, RevisionStatus } from './revision-reports.ts'

/** Gathers what a release is judged by. */
export function createReleaseFacts(deps: {
  reports: RevisionReports
  performance: PerformanceSource | undefined
  clock: () => number
  log: Logger
}) {
  const { reports, performance, clock, log } = deps
  return async function facts(
    endpoint: EndpointRow,
    release: Release,
  ): Promise<{ status: RevisionStatus | undefined; facts: StageFacts }> {
    const statuses = await reports.statuses(endpoint.id)
    const candidate = statuses.get(release.revision)
    const ready = candidate?.instances.some((instance) => instance.state === 'ready') ?? false
    const failed = candidate?.instances.find((instance) => instance.state === 'failed')
    const comparison =
      performance &&
      release.baseline !== null &&
      release.strategy.analyse.some((analysis) => analysis.kind === 'performance')
        ? await performance(
            { project: endpoint.project, endpoint: endpoint.name },
            release.baseline,
            release.revision,
          ).catch((error) => {
            log.warn({ release: release.id, err: error }, 'the performance of a release cannot be compared now')
            return undefined
          })
        : undefined
    return {
      status: candidate,
      facts: {
        candidate: candidate?.counters ?? noCounters(),
        baseline: (release.baseline !== null && statuses.get(release.baseline)?.counters) || noCounters(),
        loss: comparison && pairedLossOf(comparison),
        ready,
        failure: failed && !ready ? (failed.error ?? 'it cannot be loaded') : null,
        now: clock(),
      },
    }
  }
}

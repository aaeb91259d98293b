import { noCounters, type RevisionCounters } from '../revision-counters.ts'
import type { ServedEndpoint, ServedRevision } from './served-endpoint.ts'

export interface Trials {
  /**
   * The endpoint for a trial: it answers the same, but nothing is recorded, no shadow predicts, and neither rates nor
   * releases nor monitors see it.
   */
  of(endpoint: ServedEndpoint): ServedEndpoint
  /** what models, or that of one artifact, worked for trials, in microseconds, ever rising */
  busy(artifact?: string): number
}

/** Predictions that are asked for to try or to measure an endpoint. */
export function createTrials(): Trials {
  const made = new WeakMap<ServedEndpoint, ServedEndpoint>()
  const byModel = new Map<string, RevisionCounters>()
  const countersOf = (artifact: string) => {
    let counters = byModel.get(artifact)
    if (!counters) {
      counters = noCounters()
      byModel.set(artifact, counters)
    }
    return counters
  }
  return {
    of(endpoint) {
      let trial = made.get(endpoint)
      if (!trial) {
        const unseen = new Map(
          endpoint.revisions.map((revision): [ServedRevision, ServedRevision] => [
            revision,
            { ...revision, counters: countersOf(revision.artifact) },
          ]),
        )
        trial = {
          ...endpoint,
          trial: true,
          record: 0,
          shadows: [],
          revisions: [...unseen.values()],
          choose(id) {
            const chosen = endpoint.choose(id)
            return chosen && unseen.get(chosen)
          },
        }
        made.set(endpoint, trial)
      }
      return trial
    },
    busy: (artifact) =>
      artifact === undefined
        ? [...byModel.values()].reduce((sum, { live }) => sum + live.busy, 0)
        : (byModel.get(artifact)?.live.busy ?? 0),
  }
}

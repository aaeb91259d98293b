import { asKedgeError } from '../../errors.ts'
import type { WatchedRequest, WatchedRequests } from '../watched-request.ts'
import type { CallTerms } from './call-terms.ts'
import type { Predictor } from './predictor.ts'
import type { ServedEndpoint } from './served-endpoint.ts'
import { hasPersonal, keptMessage } from './told-error.ts'

/** requests of each kind that are kept for an endpoint */
const most = 20
/** how long a slow one is kept, in milliseconds */
const span = 15 * 60_000

export interface RequestLog {
  /** The same predictor; what is slow or fails is kept. */
  watch(predictor: Predictor): Predictor
  /** Keeps a request that failed before it came to the predictor, once. */
  failed(endpoint: ServedEndpoint, error: unknown): void
  /** What changed since it was asked last, by id of the endpoint. */
  changed(): { endpoint: number; requests: WatchedRequests }[]
  /** Everything counts as changed: who was told has forgotten it. */
  tellAgain(): void
  /** Forgets endpoints that are gone. */
  keep(endpoints: ReadonlySet<number>): void
}

interface Kept extends WatchedRequests {
  changed: boolean
}

/** Keeps the slowest and the failed requests of each endpoint, a few of each. A request that is neither costs a comparison. */
export function createRequestLog({
  clock,
  elapsed = () => performance.now(),
}: {
  clock: () => number
  /** milliseconds that only rise */
  elapsed?: () => number
}): RequestLog {
  const endpoints = new Map<number, Kept>()
  /** errors that are kept already */
  const seen = new WeakSet<object>()

  const of = (endpoint: ServedEndpoint) => {
    let kept = endpoints.get(endpoint.id)
    if (!kept) {
      kept = { slow: [], failed: [], changed: false }
      endpoints.set(endpoint.id, kept)
    }
    return kept
  }
  const fresh = (slow: WatchedRequest[], now: number) => slow.filter((one) => now - one.at < span)

  function addSlow(kept: Kept, request: WatchedRequest) {
    const { at } = request
    kept.slow = fresh(kept.slow, at)
    kept.slow.splice(kept.slow.findIndex((one) => one.total < request.total) >>> 0, 0, request)
    kept.slow.length = Math.min(kept.slow.length, most)
    kept.changed = true
  }

  function addFailed(endpoint: ServedEndpoint, error: unknown, request: Omit<WatchedRequest, 'error'>) {
    const known = asKedgeError(error)
    if (seen.has(known)) return
    seen.add(known)
    const kept = of(endpoint)
    kept.failed.unshift({ ...request, error: { code: known.code, message: keptMessage(endpoint, known) } })
    kept.failed.length = Math.min(kept.failed.length, most)
    kept.changed = true
  }

  async function timed<T>(
    endpoint: ServedEndpoint,
    request: CallTerms & { revision?: number | undefined },
    told: { id: string; rows: number },
    predict: () => Promise<T>,
    revisionOf: (answer: T) => number,
  ): Promise<T> {
    const started = elapsed()
    const spent: NonNullable<CallTerms['spent']> = { model: 0 }
    request.spent = spent
    const facts = (revision: number | null) => ({
      at: clock(),
      // one that was not compared with the personal values of its request may be one of them
      id: endpoint.record > 0 ? (spent.id?.() ?? (hasPersonal(endpoint) ? null : told.id)) : null,
      revision,
      rows: told.rows,
      total: elapsed() - started,
      model: spent.model / 1000,
    })
    let answer: T
    try {
      answer = await predict()
    } catch (error) {
      if (!endpoint.trial) addFailed(endpoint, error, facts(request.revision ?? null))
      throw error
    }
    if (endpoint.trial) return answer
    const { slow } = of(endpoint)
    const least = slow.length < most ? undefined : slow.at(-1)
    if (!least || elapsed() - started > least.total || clock() - least.at > span)
      addSlow(of(endpoint), { ...facts(revisionOf(answer)), error: null })
    return answer
  }

  return {
    watch: (predictor) => ({
      admit: predictor.admit,
      rows: (endpoint, request) =>
        timed(
          endpoint,
          request,
          { id: request.ids[0] ?? '', rows: request.ids.length },
          () => predictor.rows(endpoint, request),
          (answer) => answer.revisions[0] ?? 0,
        ),
      tensors: (endpoint, request) =>
        timed(
          endpoint,
          request,
          { id: request.id, rows: request.inputs[0]?.shape[0] ?? 1 },
          () => predictor.tensors(endpoint, request),
          (answer) => answer.revision,
        ),
    }),
    failed(endpoint, error) {
      if (!endpoint.trial)
        addFailed(endpoint, error, { at: clock(), id: null, revision: null, rows: 0, total: 0, model: 0 })
    },
    changed() {
      const now = clock()
      return [...endpoints].flatMap(([endpoint, kept]) => {
        if (!kept.changed) return []
        kept.changed = false
        return [{ endpoint, requests: { slow: fresh(kept.slow, now), failed: kept.failed } }]
      })
    },
    tellAgain() {
      for (const kept of endpoints.values()) kept.changed = true
    },
    keep(ids) {
      for (const id of endpoints.keys()) if (!ids.has(id)) endpoints.delete(id)
    },
  }
}

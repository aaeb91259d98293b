import { asKedgeError, type ErrorPlace } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { addTo, countFailure, countScores } from '../revision-counters.ts'
import { isRecorded, takeRows } from './encode-rows.ts'
import type { Recorder } from './recorder.ts'
import type { ServedEndpoint, ServedRevision } from './served-endpoint.ts'
import { loggedError } from './told-error.ts'

export interface ShadowWork {
  endpoint: ServedEndpoint
  ids: readonly string[]
  times: readonly number[]
  rows: readonly unknown[]
  /** what the caller got, and from which revision */
  scores: Float64Array
  revisions: readonly number[]
}

export interface Shadows {
  /** Lets the endpoint's shadows predict the same rows after the answer has gone. */
  add(work: ShadowWork): void
  /** Resolves when nothing waits. */
  idle(): Promise<void>
}

const maxWaitingRows = 5000
/** callers who wait for an answer go first */
const behind = { priority: -100 }

/** Shadow predictions, one call a turn of the event loop, so that answers go first; what is too much is left out and counted. */
export function createShadows({
  recorder,
  clock,
  log,
}: {
  recorder: Recorder
  clock: () => number
  log: Logger
}): Shadows {
  const queue: ShadowWork[] = []
  let waiting = 0
  let running: Promise<void> | undefined

  async function predict(work: ShadowWork, revision: ServedRevision) {
    const { reader, counters } = revision
    if (!reader) return
    const looked = revision.lookUp && (await revision.lookUp.rows(work.rows, String))
    const columns = reader.columns(work.rows.length)
    const problems: ErrorPlace[] = []
    const rows = looked?.rows ?? work.rows
    rows.forEach((row, i) => {
      reader.read(row, columns, i, '', problems)
    })
    if (problems.length > 0) {
      countFailure(counters.shadow, work.rows.length)
      return
    }
    const timing = { call: 0, share: 0 }
    const scores = await revision.line.score(columns, work.rows.length, { ...behind, timing })
    const microseconds = timing.call
    countScores(counters.shadow, scores, microseconds, revision.binary, timing.share)
    const receivedAt = clock()
    const { record } = work.endpoint
    const chosen: number[] = []
    for (let row = 0; row < scores.length; row++) {
      const score = scores[row]!
      const difference = score - work.scores[row]!
      if (work.revisions[row] !== revision.number && Number.isFinite(difference)) addTo(counters.difference, difference)
      // a revision that answered the caller itself is on record already
      if (work.revisions[row] !== revision.number && isRecorded(work.ids[row]!, record)) chosen.push(row)
    }
    if (chosen.length === 0) return
    const { ids, times } = work
    const answered = { ids, times, scores, labels: Array.from(scores, revision.labelOf), receivedAt, microseconds }
    const some = takeRows(answered, [...columns, ...(looked?.recorded ?? [])], chosen)
    void recorder.record([revision.encodeShadow(some.answered, some.columns)], chosen.length)
  }

  async function drain() {
    for (let work = queue.shift(); work; work = queue.shift()) {
      for (const revision of work.endpoint.shadows) {
        await new Promise((done) => setImmediate(done))
        try {
          await predict(work, revision)
        } catch (error) {
          const { class: kind, code } = asKedgeError(error)
          if (kind === 'overloaded' || code === 'deadline_passed') {
            revision.counters.skipped += work.rows.length
            continue
          }
          countFailure(revision.counters.shadow, work.rows.length)
          log.warn(
            { endpoint: work.endpoint.name, revision: revision.number, ...loggedError(work.endpoint, error) },
            'a shadow prediction failed',
          )
        }
      }
      waiting -= work.rows.length
    }
    running = undefined
  }

  return {
    add(work) {
      if (waiting + work.rows.length > maxWaitingRows) {
        for (const revision of work.endpoint.shadows) revision.counters.skipped += work.rows.length
        return
      }
      waiting += work.rows.length
      queue.push(work)
      running ??= drain()
    },
    async idle() {
      await running
    },
  }
}

import { asKedgeError, type ErrorPlace, KedgeError } from '../../errors.ts'
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
/** how long what is answered waits for others to be predicted with, in milliseconds */
const gathering = 20
/** rows of a request that is predicted with others, and what one call of several may take, in microseconds */
const small = 8
const shortest = 500

/** Rows of several requests that one call predicts. */
type Batch = Omit<ShadowWork, 'endpoint'>

/**
 * Shadow predictions, after the answers: what came within a moment goes together, which costs a fraction of as many calls.
 * One of each batch goes alone, so that its time says what a call takes. What is too much is left out and counted.
 */
export function createShadows({
  recorder,
  clock,
  log,
  gather = gathering,
}: {
  recorder: Recorder
  clock: () => number
  log: Logger
  gather?: number
}): Shadows {
  let queue: ShadowWork[] = []
  let waiting = 0
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  /** `alone` tells what a call of one request took lately, in microseconds; absent: this call is one. */
  async function predict(endpoint: ServedEndpoint, batch: Batch, revision: ServedRevision, alone?: number) {
    const { reader, counters } = revision
    if (!reader) return undefined
    const { ids, times } = batch
    const looked = revision.lookUp && (await revision.lookUp.rows(batch.rows, String))
    const columns = reader.columns(ids.length)
    const problems: ErrorPlace[] = []
    const rows = looked?.rows ?? batch.rows
    for (let i = 0; i < rows.length; i++) reader.read(rows[i], columns, i, '', problems)
    if (problems.length > 0) throw new KedgeError('invalid_input', { what: 'a row has other features' })
    const timing = { call: 0, share: 0 }
    const scores = await revision.line.score(columns, ids.length, { ...behind, timing })
    countScores(counters.shadow, scores, alone === undefined ? timing.call : undefined, revision.binary, timing.share)
    const chosen: number[] = []
    for (let row = 0; row < scores.length; row++) {
      // a revision that answered the caller itself is on record already
      if (batch.revisions[row] === revision.number) continue
      const difference = scores[row]! - batch.scores[row]!
      if (Number.isFinite(difference)) addTo(counters.difference, difference)
      if (isRecorded(ids[row]!, endpoint.record)) chosen.push(row)
    }
    const microseconds = alone ?? timing.call
    if (chosen.length === 0) return microseconds
    const labels = Array.from(scores, revision.labelOf)
    const answered = { ids, times, scores, labels, receivedAt: clock(), microseconds }
    const all = looked ? [...columns, ...looked.recorded] : columns
    const some = chosen.length === ids.length ? { answered, columns: all } : takeRows(answered, all, chosen)
    void recorder.record([revision.encodeShadow(some.answered, some.columns)], chosen.length)
    return microseconds
  }

  async function attempt(endpoint: ServedEndpoint, batch: Batch, revision: ServedRevision, alone?: number) {
    try {
      return await predict(endpoint, batch, revision, alone)
    } catch (error) {
      // one of them is at fault
      if (alone !== undefined) throw error
      const { class: kind, code } = asKedgeError(error)
      if (kind === 'overloaded' || code === 'deadline_passed') {
        revision.counters.skipped += batch.ids.length
        return undefined
      }
      countFailure(revision.counters.shadow, batch.ids.length)
      log.warn(
        { endpoint: endpoint.name, revision: revision.number, ...loggedError(endpoint, error) },
        'a shadow prediction failed',
      )
      return undefined
    }
  }

  async function predictAll(endpoint: ServedEndpoint, works: readonly ShadowWork[], revision: ServedRevision) {
    const most = rowsTogether(revision)
    let took: number | undefined
    for (const group of groupWorks(works, most)) {
      // answers go first
      await new Promise((done) => setImmediate(done))
      const [first, ...others] = group as [ShadowWork, ...ShadowWork[]]
      took = (await attempt(endpoint, first, revision)) ?? took
      if (others.length === 0) continue
      await new Promise((done) => setImmediate(done))
      try {
        if (took === undefined) throw new Error('no call of one request has succeeded yet')
        await attempt(endpoint, together(others), revision, took)
      } catch {
        for (const one of others) await attempt(endpoint, one, revision)
      }
    }
  }

  async function drain() {
    while (queue.length > 0) {
      const taken = queue
      queue = []
      for (const [endpoint, works] of Map.groupBy(taken, (work) => work.endpoint))
        for (const revision of endpoint.shadows) await predictAll(endpoint, works, revision)
      for (const { ids } of taken) waiting -= ids.length
    }
  }

  function start() {
    clearTimeout(timer)
    timer = undefined
    running ??= drain().finally(() => {
      running = undefined
    })
  }

  return {
    add(work) {
      if (waiting + work.rows.length > maxWaitingRows) {
        for (const revision of work.endpoint.shadows) revision.counters.skipped += work.rows.length
        return
      }
      waiting += work.rows.length
      queue.push(work)
      timer ??= setTimeout(start, gather)
    },
    async idle() {
      while (queue.length > 0 || running) {
        start()
        await running
      }
    },
  }
}

/** How many rows of small requests one call of a revision may have: it must not hold up those who wait for an answer. */
function rowsTogether({ loaded: { facts, chunk } }: ServedRevision): number {
  const cost = facts.microseconds
  if (chunk === null || !cost) return 1
  const limit = Math.max(shortest, 1.2 * (cost[1] ?? 0))
  return Math.max(
    1,
    ...Object.keys(cost)
      .map(Number)
      .filter((rows) => rows <= 32 && cost[rows]! <= limit),
  )
}

/** Requests in their order, small ones together up to so many rows. */
export function groupWorks<W extends Pick<ShadowWork, 'ids'>>(works: readonly W[], most: number): W[][] {
  const groups: W[][] = []
  let rows = Number.POSITIVE_INFINITY
  for (const work of works) {
    const n = work.ids.length
    if (n <= small && rows + n <= most) {
      groups.at(-1)!.push(work)
      rows += n
    } else {
      groups.push([work])
      rows = n <= small ? n : Number.POSITIVE_INFINITY
    }
  }
  return groups
}

const together = (works: readonly ShadowWork[]): Batch => ({
  ids: works.flatMap(({ ids }) => ids),
  times: works.flatMap(({ times }) => times),
  rows: works.flatMap(({ rows }) => rows),
  scores: Float64Array.from(works.flatMap(({ scores }) => [...scores])),
  revisions: works.flatMap(({ revisions }) => revisions),
})

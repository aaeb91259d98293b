import type { Column, LoadedModel, Tensor } from '../../contracts/model-runtime.ts'
import { asKedgeError, KedgeError } from '../../errors.ts'
import type { CallLimits } from '../routing.ts'
import { createCallSize } from './call-size.ts'
import type { CallTerms, CallTiming } from './call-terms.ts'
import { inferInChunks, joinColumns, joinTensors, scoreInChunks, splitTensors, tensorsJoin } from './join-calls.ts'

/** What a line needs to know of its model. */
export interface LineModel extends LoadedModel {
  /** rows of one call at which a row costs least, as it was measured; null when calls must stay whole */
  readonly chunk: number | null
  /** microseconds of calls by their rows, as they were measured */
  readonly microseconds?: Readonly<Record<string, number>> | null
}

export interface CallLine {
  /** See `LoadedModel`. Errors besides: `overloaded` at once, `deadline_passed`, `cancelled`. */
  score(columns: readonly Column[], rows: number, terms?: CallTerms): Promise<Float64Array>
  infer(tensors: readonly Tensor[], terms?: CallTerms): Promise<Tensor[]>
  /** Why a call of common priority would be refused if it came now; undefined where that cannot be told before it has come. */
  refusal(): KedgeError | undefined
  /** calls that run or wait now */
  readonly inProgress: number
  /** calls of the model so far, and those of them that answered several callers */
  readonly calls: { total: number; joined: number }
  limit(limits: CallLimits): void
}

type Work =
  | { columns: readonly Column[]; tensors?: undefined; rows: number }
  | { columns?: undefined; tensors: readonly Tensor[]; rows: number }

interface Waiting {
  work: Work
  timing: CallTiming | undefined
  priority: number
  deadline: number
  tries: number
  settled: boolean
  resolve(answer: Float64Array | Tensor[]): void
  reject(error: unknown): void
}

/**
 * The way to one model. A call runs at once when the model is free; what comes while it is busy waits, and what waits
 * together goes into one call of the size that is fastest. Whose caller has gone does not run at all. A model that runs
 * inline is free whenever this code runs, so that its calls never wait and never join.
 */
export function createCallLine(model: LineModel, first: CallLimits, clock: () => number): CallLine {
  let limits = first
  const queue: Waiting[] = []
  const calls = { total: 0, joined: 0 }
  let running = 0
  let waitingRows = 0
  let inProgress = 0
  /** milliseconds of a call, smoothed */
  let typical = 0
  /** when a call with more than the common priority came last */
  let urgent = Number.NEGATIVE_INFINITY

  const slots = () => Math.max(1, Math.min(limits.concurrency ?? Number.POSITIVE_INFINITY, model.parallel ?? 1))

  const size = createCallSize(model.microseconds ?? null, model.chunk)
  /** a joined call is made as large as was decided when it was joined */
  const pieces = (together: number) => {
    const best = size.best()
    return best === null ? null : Math.max(best, together)
  }

  const scoreWhole = (columns: readonly Column[], rows: number, together = 0) => {
    calls.total++
    return scoreInChunks(model, columns, rows, pieces(together))
  }

  const inferWhole = (tensors: readonly Tensor[], together = 0) => {
    calls.total++
    return inferInChunks(model, tensors, pieces(together))
  }

  /** How long a call would wait, and whether that is too much. */
  function ahead(): { tooMuch: boolean; wait: number } {
    const full = inProgress >= (limits.concurrency ?? model.parallel ?? 1) + limits.queue
    const best = size.best()
    const calls = Math.ceil(best === null ? queue.length : waitingRows / best)
    const wait = (calls * typical) / slots()
    return { tooMuch: full || wait > Math.max(limits.wait, typical), wait }
  }

  function refuseWhatIsTooMuch(priority: number) {
    const { tooMuch, wait } = ahead()
    if (!tooMuch) return
    // whoever waits with less priority gives way
    const last = queue.at(-1)
    if (last && last.priority < priority) {
      queue.pop()
      waitingRows -= last.work.rows
      last.reject(overloaded(wait))
      return
    }
    throw overloaded(wait)
  }

  const overloaded = (wait: number) =>
    new KedgeError('overloaded', {
      what: `The endpoint has more requests than it can answer: ${inProgress} in progress`,
      retryAfter: Math.max(1, Math.ceil(wait / 1000)),
    })

  function ask(work: Work, terms: CallTerms): Promise<Float64Array | Tensor[]> {
    const now = clock()
    const deadline = Math.min(terms.deadline ?? Number.POSITIVE_INFINITY, now + limits.timeout)
    if (terms.signal?.aborted) throw new KedgeError('cancelled', { what: 'The request' })
    if (deadline <= now) throw tooLate(now, deadline)
    const priority = terms.priority ?? 0
    if (priority > 0) urgent = now
    if (inProgress > 0) refuseWhatIsTooMuch(priority)
    inProgress++
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      const gone = () => drop(new KedgeError('cancelled', { what: 'The request' }))
      const end = () => {
        one.settled = true
        inProgress--
        clearTimeout(timer)
        terms.signal?.removeEventListener('abort', gone)
      }
      const one: Waiting = {
        work,
        timing: terms.timing,
        priority,
        deadline,
        tries: 0,
        settled: false,
        resolve(answer) {
          if (one.settled) return
          end()
          resolve(answer)
        },
        reject(error) {
          if (one.settled) return
          end()
          reject(error)
        },
      }
      const drop = (error: KedgeError) => {
        const at = queue.indexOf(one)
        if (at >= 0) {
          queue.splice(at, 1)
          waitingRows -= work.rows
        }
        one.reject(error)
      }
      timer = setTimeout(() => drop(tooLate(now, deadline)), Math.min(deadline - now, 2 ** 31 - 1))
      terms.signal?.addEventListener('abort', gone, { once: true })
      let at = queue.length
      while (at > 0 && queue[at - 1]!.priority < priority) at--
      queue.splice(at, 0, one)
      waitingRows += work.rows
      next()
    })
  }

  function next() {
    while (running < slots() && queue.length > 0) {
      const batch = take()
      if (batch.length === 0) continue
      running++
      void serve(batch).finally(() => {
        running--
        next()
      })
    }
  }

  /** The first that waits, and what can go with it. */
  function take(): Waiting[] {
    const batch: Waiting[] = []
    let rows = 0
    const limit = size.next(waitingRows)
    while (queue.length > 0) {
      const one = queue[0]!
      if (batch.length > 0 && (rows + one.work.rows > limit || !joins(batch[0]!.work, one.work))) break
      queue.shift()
      waitingRows -= one.work.rows
      if (one.deadline <= clock()) {
        one.reject(tooLate(one.deadline, one.deadline))
        continue
      }
      batch.push(one)
      rows += one.work.rows
    }
    return batch
  }

  const joins = (a: Work, b: Work) =>
    model.chunk !== null &&
    (a.columns ? b.columns !== undefined : b.tensors !== undefined && tensorsJoin(model, a.tensors, b.tensors))

  async function serve(batch: readonly Waiting[]): Promise<void> {
    const started = performance.now()
    try {
      if (batch.length > 1) {
        calls.joined++
        await together(batch)
      } else await alone(batch[0]!)
    } catch {
      // one of them is at fault, or the worker died under them: each has a try of its own
      for (const one of batch) if (!one.settled) await alone(one)
    }
    const took = performance.now() - started
    typical = typical === 0 ? took : typical + 0.2 * (took - typical)
  }

  async function together(batch: readonly Waiting[]) {
    for (const one of batch) one.tries++
    const rows = batch.reduce((sum, one) => sum + one.work.rows, 0)
    const started = performance.now()
    const told = () => {
      const took = performance.now() - started
      size.took(rows, took)
      for (const one of batch) tell(one.timing, took, one.work.rows / rows)
    }
    if (batch[0]!.work.columns) {
      const scores = await scoreWhole(joinColumns(batch.map((one) => one.work.columns!)), rows, rows)
      told()
      let at = 0
      for (const one of batch) {
        one.resolve(scores.slice(at, at + one.work.rows))
        at += one.work.rows
      }
      return
    }
    const outputs = await inferWhole(joinTensors(batch.map((one) => one.work.tensors!)), rows)
    told()
    const parts = splitTensors(
      outputs,
      batch.map((one) => one.work.rows),
    )
    batch.forEach((one, i) => {
      one.resolve(parts[i]!)
    })
  }

  /** Repeats a call whose thread died once: a prediction changes nothing. Processes see to that themselves. */
  async function alone(one: Waiting): Promise<void> {
    while (!one.settled) {
      one.tries++
      try {
        const { columns, tensors, rows } = one.work
        const started = performance.now()
        const answer = await (columns ? scoreWhole(columns, rows) : inferWhole(tensors))
        const took = performance.now() - started
        size.took(rows, took)
        tell(one.timing, took)
        one.resolve(answer)
      } catch (error) {
        const again = asKedgeError(error).code === 'worker_died' && model.place === 'thread' && one.tries < 2
        if (!again) one.reject(error)
      }
    }
  }

  /** A model in this thread is free whenever this code runs: nothing to wait for, nothing to join. */
  async function directly<T>(terms: CallTerms, call: () => Promise<T>): Promise<T> {
    if (terms.signal?.aborted) throw new KedgeError('cancelled', { what: 'The request' })
    const now = terms.deadline === undefined ? 0 : clock()
    if (terms.deadline !== undefined && terms.deadline <= now) throw tooLate(now, terms.deadline)
    if (inProgress >= (limits.concurrency ?? 1) + limits.queue) throw overloaded(0)
    inProgress++
    const started = performance.now()
    try {
      const answer = await call()
      tell(terms.timing, performance.now() - started)
      return answer
    } finally {
      inProgress--
    }
  }

  return {
    score: async (columns, rows, terms = {}) =>
      model.place === 'inline'
        ? directly(terms, () => scoreWhole(columns, rows))
        : ((await ask({ columns, rows }, terms)) as Float64Array),
    async infer(tensors, terms = {}) {
      if (model.place !== 'inline') return (await ask({ tensors, rows: tensors[0]?.shape[0] ?? 1 }, terms)) as Tensor[]
      return directly(terms, () => inferWhole(tensors))
    },
    refusal() {
      if (inProgress === 0) return undefined
      if (model.place === 'inline')
        return inProgress >= (limits.concurrency ?? 1) + limits.queue ? overloaded(0) : undefined
      // the next one may have more priority than those that wait, which its body says
      if (clock() - urgent < urgentSpan || (queue.at(-1)?.priority ?? 0) < 0) return undefined
      const { tooMuch, wait } = ahead()
      return tooMuch ? overloaded(wait) : undefined
    },
    get inProgress() {
      return inProgress
    },
    calls,
    limit(now) {
      limits = now
    },
  }
}

/** for so long after a call of more than common priority others are expected, in milliseconds */
const urgentSpan = 60_000

/** Before the answer is given: whoever waits for it reads the time at once. */
function tell(timing: CallTiming | undefined, milliseconds: number, part = 1) {
  if (!timing) return
  timing.call = milliseconds * 1000
  timing.share = timing.call * part
}

const tooLate = (now: number, deadline: number) =>
  new KedgeError('deadline_passed', {
    what: now >= deadline ? 'it was over before the model was called' : `${Math.round(deadline - now)} ms were given`,
  })

import type { Column, Tensor } from '../../contracts/model-runtime.ts'
import { asKedgeError, type ErrorPlace, KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { countFailure, countScores } from '../revision-counters.ts'
import type { CallTerms } from './call-terms.ts'
import { type AnsweredRows, isRecorded, takeRows } from './encode-rows.ts'
import type { Recorder } from './recorder.ts'
import type { ServedEndpoint, ServedRevision } from './served-endpoint.ts'
import type { Shadows } from './shadows.ts'
import { checkTensors, columnsOfTensors, scoresOfTensors } from './tensor-columns.ts'
import { loggedError } from './told-error.ts'

export interface RowsRequest extends CallTerms {
  ids: readonly string[]
  /** event times, milliseconds since 1970 */
  times: readonly number[]
  /** objects of features */
  rows: readonly unknown[]
  /** where row `i` stands in the caller's body, for errors */
  where(row: number): string
  /** this revision instead of the split's */
  revision?: number | undefined
  /** the id that chooses one revision for all rows; without it each row's own does */
  together?: string | undefined
}

/** Of each row what is strange in it; undefined for a row in which nothing is. */
type Flags = (string[] | undefined)[]

export interface RowsAnswer {
  scores: Float64Array
  /** '' for regression */
  labels: string[]
  revisions: number[]
  /** by row, what the endpoint's policy for inputs flags; absent where there is nothing */
  flags?: Flags
}

export interface TensorsRequest extends CallTerms {
  id: string
  time: number
  inputs: readonly Tensor[]
  outputs?: readonly string[] | undefined
  revision?: number | undefined
}

export interface TensorsAnswer {
  outputs: Tensor[]
  /** as those of rows */
  flags?: Flags | undefined
  revision: number
}

export interface Predictor {
  /** Before a request is read. Errors: `overloaded` when every revision that could answer would refuse it. */
  admit(endpoint: ServedEndpoint): void
  /**
   * Resolves when the predictions are recorded. Errors: `invalid_input` with every place that breaks the signature,
   * `endpoint_not_ready`, `prediction_failed`; `overloaded`, `deadline_passed` and `cancelled` before the model was called.
   */
  rows(endpoint: ServedEndpoint, request: RowsRequest): Promise<RowsAnswer>
  tensors(endpoint: ServedEndpoint, request: TensorsRequest): Promise<TensorsAnswer>
}

const maxPlaces = 20

/** One way through for every protocol: choose, check, call the model, count, record; shadows come after the answer. */
export function createPredictor(deps: {
  recorder: Recorder
  shadows: Shadows
  clock: () => number
  log: Logger
}): Predictor {
  const { recorder, shadows, clock, log } = deps

  function pick(endpoint: ServedEndpoint, id: string, number: number | undefined): ServedRevision {
    const revision =
      number === undefined ? endpoint.choose(id) : endpoint.revisions.find((one) => one.number === number)
    if (revision) return revision
    if (number !== undefined)
      throw new KedgeError('not_found', { kind: 'Revision', name: `${endpoint.name}/${number}` })
    throw new KedgeError('endpoint_not_ready', { name: endpoint.name })
  }

  /** Calls the model; what it throws counts as its error unless it is the caller's. */
  async function call<T>(
    endpoint: ServedEndpoint,
    revision: ServedRevision,
    rows: number,
    run: () => Promise<T>,
  ): Promise<T> {
    try {
      return await run()
    } catch (error) {
      const known = asKedgeError(error)
      if (known.class === 'overloaded' || known.code === 'deadline_passed' || known.code === 'cancelled') {
        revision.counters.shed += rows
        throw known
      }
      if (known.class === 'invalid' || known.class === 'unsupported') throw known
      countFailure(revision.counters.live, rows)
      log.error(
        { endpoint: endpoint.name, revision: revision.number, ...loggedError(endpoint, error) },
        'a model failed',
      )
      throw known.class === 'internal'
        ? new KedgeError('prediction_failed', { what: textOf(error) }, { cause: error })
        : known
    }
  }

  function record(
    endpoint: ServedEndpoint,
    revision: ServedRevision,
    columns: readonly Column[],
    answered: AnsweredRows,
    into: Records,
    flags?: Flags | undefined,
  ) {
    const { ids } = answered
    const encode = flags ? revision.encodeFlagged : revision.encode
    const recorded = flags ? [...columns, Array.from(flags, (found) => found?.join(', ') ?? '')] : columns
    if (endpoint.record >= 100) {
      into.bytes.push(encode(answered, recorded))
      into.rows += ids.length
      return
    }
    const chosen: number[] = []
    for (let row = 0; row < ids.length; row++) if (isRecorded(ids[row]!, endpoint.record)) chosen.push(row)
    if (chosen.length === 0) return
    const some = takeRows(answered, recorded, chosen)
    into.bytes.push(encode(some.answered, some.columns))
    into.rows += chosen.length
  }

  /** Errors: `not_recorded` when the spool is full and the endpoint answers nothing that is not recorded. */
  async function keep(
    endpoint: ServedEndpoint,
    records: Records,
    predicted: ReadonlyMap<ServedRevision, readonly unknown[]>,
  ) {
    if (records.rows === 0 || (await recorder.record(records.bytes, records.rows, endpoint.whenFull))) return
    const refused = endpoint.whenFull === 'refuse'
    for (const [{ counters }, rows] of predicted) counters[refused ? 'refused' : 'unrecorded'] += rows.length
    if (refused) throw new KedgeError('not_recorded', { endpoint: endpoint.name })
  }

  /** Predicts `rows[from[i]]` with one revision and writes into the answer at the same places. */
  async function group(
    endpoint: ServedEndpoint,
    revision: ServedRevision,
    request: RowsRequest,
    from: readonly number[],
    answer: RowsAnswer,
    records: Records,
  ) {
    const { reader } = revision
    if (!reader)
      throw new KedgeError('unsupported', {
        what: 'Predicting by feature names from a model that does not name its features',
      })
    const { lookUp } = revision
    const given = lookUp && from.map((row) => request.rows[row])
    const looked = given && (await lookUp.rows(given, (i) => request.where(from[i]!)))
    const columns = reader.columns(from.length)
    const problems: ErrorPlace[] = []
    for (let i = 0; i < from.length && problems.length < maxPlaces; i++)
      reader.read(looked ? looked.rows[i] : request.rows[from[i]!], columns, i, request.where(from[i]!), problems)
    if (problems.length > 0)
      throw new KedgeError(
        'invalid_input',
        { what: problems.map((place) => `${place.where} ${place.what}`).join('; ') },
        { places: problems },
      )
    const flags = revision.guard?.(columns, from.length, (i) => request.where(from[i]!))
    if (flags) {
      answer.flags ??= new Array(request.ids.length)
      for (let i = 0; i < from.length; i++) answer.flags[from[i]!] = flags[i]
    }
    const timing = { call: 0, share: 0 }
    const scores = await call(endpoint, revision, from.length, () =>
      revision.line.score(columns, from.length, { ...request, timing }),
    )
    const microseconds = timing.call
    countScores(revision.counters.live, scores, microseconds, revision.binary, timing.share)
    const all = from.length === request.ids.length
    const ids = all ? request.ids : from.map((row) => request.ids[row]!)
    const recorded = looked ? [...columns, ...looked.recorded] : columns
    if (request.spent) {
      request.spent.model += microseconds
      const { maskIds } = revision
      if (maskIds) request.spent.id ??= () => maskIds(ids, recorded)[0]
    }
    const labels = new Array<string>(from.length)
    for (let i = 0; i < from.length; i++) {
      labels[i] = revision.labelOf(scores[i]!)
      answer.scores[from[i]!] = scores[i]!
      answer.labels[from[i]!] = labels[i]!
      answer.revisions[from[i]!] = revision.number
    }
    if (endpoint.record === 0) return
    const times = all ? request.times : from.map((row) => request.times[row]!)
    const answered = { ids, times, scores, labels, receivedAt: clock(), microseconds }
    record(endpoint, revision, recorded, answered, records, flags)
  }

  return {
    admit({ revisions }) {
      let refusal: KedgeError | undefined
      for (const { traffic, line } of revisions) {
        if (traffic === 0) continue
        refusal = line.refusal()
        if (!refusal) return
      }
      if (!refusal) return
      const first = revisions.find(({ traffic }) => traffic > 0)!
      first.counters.shed++
      throw refusal
    },

    async rows(endpoint, request) {
      const n = request.ids.length
      const answer: RowsAnswer = { scores: new Float64Array(n), labels: new Array(n), revisions: new Array(n) }
      const groups = new Map<ServedRevision, number[]>()
      if (request.together !== undefined || request.revision !== undefined || n === 1)
        groups.set(
          pick(endpoint, request.together ?? request.ids[0] ?? '', request.revision),
          Array.from({ length: n }, (_, i) => i),
        )
      else
        for (let row = 0; row < n; row++) {
          const revision = pick(endpoint, request.ids[row]!, undefined)
          const found = groups.get(revision)
          if (found) found.push(row)
          else groups.set(revision, [row])
        }
      const records: Records = { bytes: [], rows: 0 }
      for (const [revision, from] of groups)
        if (from.length > 0) await group(endpoint, revision, request, from, answer, records)
      await keep(endpoint, records, groups)
      if (endpoint.shadows.length > 0)
        shadows.add({
          endpoint,
          ids: request.ids,
          times: request.times,
          rows: request.rows,
          scores: answer.scores,
          revisions: answer.revisions,
        })
      return answer
    },

    async tensors(endpoint, request) {
      const revision = pick(endpoint, request.id, request.revision)
      const { loaded } = revision
      const looked = revision.lookUp && (await revision.lookUp.tensors(request.inputs))
      const inputs = looked?.inputs ?? request.inputs
      checkTensors(loaded.inputs, inputs)
      const unknown = request.outputs?.find((name) => !loaded.outputs.some((output) => output.name === name))
      if (unknown !== undefined)
        throw new KedgeError('invalid_input', {
          what: `output ${unknown}: is no output of the model, which gives ${loaded.outputs.map((output) => output.name).join(', ')}`,
        })
      const table = loaded.description ? columnsOfTensors(loaded.description, inputs) : revision.inputs?.columns(inputs)
      const rows = table?.rows ?? inputs[0]?.shape[0] ?? 1
      const flags = table && revision.guard?.(table.columns, rows, (row) => `inputs.${row}`)
      const timing = { call: 0, share: 0 }
      // the score may be in an output that was not asked for
      const all = await call(endpoint, revision, rows, () => revision.line.infer(inputs, { ...request, timing }))
      const microseconds = timing.call
      const scores =
        (table && scoresOfTensors(loaded.description ?? { task: 'regression' }, all, rows)) ??
        new Float64Array(rows).fill(Number.NaN)
      countScores(revision.counters.live, scores, microseconds, revision.binary, timing.share)
      if (request.spent) request.spent.model += microseconds
      const ids = rows === 1 ? [request.id] : Array.from({ length: rows }, (_, i) => `${request.id}/${i}`)
      const times = new Array<number>(rows).fill(request.time)
      if (table && endpoint.record > 0) {
        const labels = Array.from(scores, revision.labelOf)
        const records: Records = { bytes: [], rows: 0 }
        const answered = { ids, times, scores, labels, receivedAt: clock(), microseconds }
        const recorded = looked?.recorded ?? (revision.lookUp ? noLookUp(rows) : [])
        const columns = [...table.columns, ...recorded]
        const { maskIds } = revision
        if (request.spent && maskIds) request.spent.id = () => maskIds(ids, columns)[0]
        record(endpoint, revision, columns, answered, records, flags)
        await keep(endpoint, records, new Map([[revision, ids]]))
      }
      if (table && loaded.description && endpoint.shadows.length > 0) {
        const { features } = loaded.description
        const objects = ids.map((_, row) => ({
          ...(looked ? { [endpoint.features!.key]: looked.keys[row] } : {}),
          ...Object.fromEntries(features.map((feature, i) => [feature.name, valueAt(table.columns[i]!, row)])),
        }))
        shadows.add({ endpoint, ids, times, rows: objects, scores, revisions: ids.map(() => revision.number) })
      }
      const { outputs } = request
      return {
        revision: revision.number,
        flags,
        outputs: outputs ? outputs.map((name) => all.find((output) => output.name === name)!) : all,
      }
    },
  }
}

/** What a request puts on record. */
interface Records {
  bytes: Buffer[]
  rows: number
}

const noLookUp = (rows: number): Column[] => [new Array<string>(rows).fill(''), new Array<string>(rows).fill('')]

const textOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 300)

const valueAt = (column: Column, row: number) => {
  const value = column[row]!
  return typeof value === 'number' && Number.isNaN(value) ? null : value
}

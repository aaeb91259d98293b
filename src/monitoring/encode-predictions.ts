import { type ErrorPlace, KedgeError } from '../errors.ts'
import type { RecordedColumns } from '../serving/recorded-rows.ts'
import { type BinaryRows, createRowBinaryWriter } from '../storage/events/row-binary.ts'
import type { EndpointKey } from './stale.ts'

/** A prediction as it is recorded; features that are null, empty or not finite count as missing. A vector stands on record as JSON. */
export interface RecordedPrediction {
  /** the caller's id or ours; the same id, hour and revision again replaces the row */
  id: string
  /** event time, milliseconds since 1970 */
  time: number
  /** when Kedge got it, milliseconds since 1970 */
  receivedAt: number
  revision: number
  shadow: boolean
  caller: string
  latencyUs: number
  features: Readonly<Record<string, number | string | boolean | null | readonly number[]>>
  score: number | null
  label: string
}

/** 2100-01-01: later times are a wrong unit. */
const LATEST = 4_102_444_800_000

/** in the order in which the encoders write them */
const columns = [
  ...['project', 'endpoint', 'revision', 'shadow', 'caller', 'received_at', 'latency_us', 'time', 'score'],
  ...['id', 'label', 'numbers', 'texts'],
]
/** What inference processes put on record beside the features: what was strange in them, and where which of them were looked up. */
const besides = new Set(['$flags', '$features', '$key'])
const microseconds = (value: number) => Math.max(0, Math.min(0xffff_ffff, Math.round(value)))
const isTime = (value: number) => value >= 0 && value < LATEST

function refuse(places: readonly ErrorPlace[]): never {
  throw new KedgeError(
    'invalid_input',
    { what: `${places.length} places of the predictions are wrong` },
    { places: places.slice(0, 100) },
  )
}
const wrongTime = (row: number): ErrorPlace => ({
  where: `items.${row}.time`,
  what: 'is not between 1970 and 2100; times are milliseconds since 1970',
})
const wrongName = (row: number, name: string): ErrorPlace => ({
  where: `items.${row}.features.${name}`,
  what: 'feature names do not begin with $',
})

type Value = RecordedPrediction['features'][string]
const isNumber = (value: Value): value is number => typeof value === 'number' && Number.isFinite(value)
const isText = (value: Value): value is Exclude<Value, number | null> =>
  typeof value === 'boolean' || (typeof value !== 'number' && value !== null && value.length > 0)

/** Names as they are written; rows have the same names again and again. */
function encodedNames(): (name: string) => Uint8Array {
  const writer = createRowBinaryWriter(256)
  const known = new Map<string, Uint8Array>()
  return (name) => {
    let written = known.get(name)
    if (written === undefined) {
      writer.string(name)
      written = writer.take()
      known.set(name, written)
    }
    return written
  }
}

/** Rows of the table `predictions` of one endpoint. Throws `invalid_input` with every wrong place. */
export function encodePredictions(key: EndpointKey, rows: readonly RecordedPrediction[]): BinaryRows {
  const out = createRowBinaryWriter()
  const places: ErrorPlace[] = []
  const nameOf = encodedNames()
  rows.forEach((row, at) => {
    if (!isTime(row.time)) places.push(wrongTime(at))
    out.string(key.project)
    out.string(key.endpoint)
    out.uint32(row.revision)
    out.byte(row.shadow ? 1 : 0)
    out.string(row.caller)
    out.int64(row.receivedAt)
    out.uint32(microseconds(row.latencyUs))
    out.int64(row.time)
    if (row.score !== null && Number.isFinite(row.score)) {
      out.byte(0)
      out.float64(row.score)
    } else out.null()
    out.string(row.id)
    out.string(row.label)
    const { features } = row
    let numbers = 0
    let texts = 0
    for (const name in features) {
      if (name.startsWith('$')) places.push(wrongName(at, name))
      const value = features[name]!
      if (isNumber(value)) numbers++
      else if (isText(value)) texts++
    }
    out.size(numbers)
    for (const name in features) {
      const value = features[name]!
      if (!isNumber(value)) continue
      out.raw(nameOf(name))
      out.float64(value)
    }
    out.size(texts)
    if (texts === 0) return
    for (const name in features) {
      const value = features[name]!
      if (!isText(value)) continue
      out.raw(nameOf(name))
      out.string(typeof value === 'string' ? value : typeof value === 'boolean' ? String(value) : JSON.stringify(value))
    }
  })
  if (places.length > 0) refuse(places)
  return { columns, bytes: out.take() }
}

/** The same of what an inference process has recorded, of any endpoints: from columns, no row becomes an object. */
export function encodeRecords(records: readonly RecordedColumns[]): BinaryRows {
  const out = createRowBinaryWriter(256 * 1024)
  const places: ErrorPlace[] = []
  const prefix = createRowBinaryWriter(256)
  for (const { origin, count, receivedAt, latencyUs, times, scores, ids, labels, features } of records) {
    prefix.string(origin.project)
    prefix.string(origin.endpoint)
    prefix.uint32(origin.revision)
    prefix.byte(origin.shadow ? 1 : 0)
    prefix.string(origin.caller)
    prefix.int64(receivedAt)
    prefix.uint32(latencyUs)
    const same = prefix.take()
    const numbers: [name: Uint8Array, column: Float64Array][] = []
    const texts: [name: Uint8Array, column: RecordedColumns['ids']][] = []
    features.forEach((column, i) => {
      const name = origin.features[i]![0]
      // a feature of a model that is called like what Kedge itself knows of a prediction is not kept, the prediction is
      if (name.startsWith('$') && !besides.has(name)) return
      prefix.string(name)
      if (column instanceof Float64Array) numbers.push([prefix.take(), column])
      else texts.push([prefix.take(), column])
    })
    for (let row = 0; row < count; row++) {
      const time = times[row]!
      if (!isTime(time)) places.push(wrongTime(row))
      out.raw(same)
      out.int64(time)
      const score = scores[row]!
      if (Number.isFinite(score)) {
        out.byte(0)
        out.float64(score)
      } else out.null()
      out.utf8(ids.bytes, ids.ends[row]!, ids.ends[row + 1]!)
      out.utf8(labels.bytes, labels.ends[row]!, labels.ends[row + 1]!)
      let present = 0
      for (let i = 0; i < numbers.length; i++) if (Number.isFinite(numbers[i]![1][row]!)) present++
      out.size(present)
      for (let i = 0; i < numbers.length; i++) {
        const [name, column] = numbers[i]!
        const value = column[row]!
        if (!Number.isFinite(value)) continue
        out.raw(name)
        out.float64(value)
      }
      present = 0
      for (let i = 0; i < texts.length; i++) {
        const { ends } = texts[i]![1]
        if (ends[row + 1]! > ends[row]!) present++
      }
      out.size(present)
      for (let i = 0; i < texts.length; i++) {
        const [name, { bytes, ends }] = texts[i]!
        if (ends[row + 1]! === ends[row]!) continue
        out.raw(name)
        out.utf8(bytes, ends[row]!, ends[row + 1]!)
      }
    }
  }
  if (places.length > 0) refuse(places)
  return { columns, bytes: out.take() }
}

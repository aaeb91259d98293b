import { KedgeError } from '../../errors.ts'
import { checkTagKey } from '../limits.ts'

/** MLflow's limits of traces (mlflow/tracing/constant.py, mlflow/utils/validation.py); longer values are cut, as there. */
export const traceLimits = {
  id: 250,
  value: 8000,
  preview: 1000,
  linkedTraces: 100,
  search: 500,
  batchGet: 500,
  spanName: 4096,
}

const invalid = (what: string) => new KedgeError('invalid_input', { what })

/** SQL's texts have no NUL. */
export const storable = (text: string): string =>
  (text.includes('\u0000') ? text.replaceAll('\u0000', '\ufffd') : text).toWellFormed()

/** Cuts what is longer than the limit. */
export const cut = (text: string, limit: number): string =>
  storable(text.length > limit ? `${text.slice(0, limit - 3)}...` : text)

/** A value as JSON whose texts can be stored. Errors: `invalid_input` when it is nested too deeply. */
export function storedJson(value: unknown): string {
  try {
    return JSON.stringify(value ?? null, (_, one) => (typeof one === 'string' ? storable(one) : one))
  } catch (cause) {
    throw new KedgeError('invalid_input', { what: 'The value is nested too deeply' }, { cause })
  }
}

/** The last moment that protobuf's Timestamp has, in milliseconds. */
const lastTime = 253_402_300_799_999

/** Errors: `invalid_input` for a moment that no clock shows. */
export function checkTime(time: number, path: string): void {
  if (time < 0 || time > lastTime) throw invalid(`'${path}' must be a time between the years 1970 and 9999`)
}

/** Errors: `invalid_input` unless it can name a trace. */
export function checkTraceId(id: string): void {
  if (id === '') throw invalid("Missing value for required parameter 'trace_id'.")
  if (id.length > traceLimits.id) throw invalid(`'trace_id' exceeds the maximum length of ${traceLimits.id} characters`)
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_.:-]*$/u.test(id))
    throw invalid(`'trace_id' may only have letters, digits, dashes, underscores, periods and colons`)
}

/** Keys and values ready to be stored. Errors: `invalid_input` for a key that is empty or too long. */
export function traceValues(values: Record<string, string>, path: string): [string, string][] {
  return Object.entries(values).map(([key, value]) => {
    checkTagKey(key, `${path}.key`)
    return [storable(key), cut(value, traceLimits.value)]
  })
}

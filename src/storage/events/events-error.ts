import { ClickHouseError } from '@clickhouse/client'
import { type ErrorCode, KedgeError } from '../../errors.ts'

/** ClickHouse's error codes by what they mean to a caller; a code in no list is a mistake in the SQL. */
const CODES: Partial<Record<ErrorCode, readonly number[]>> = {
  // values that cannot be read as what they should be, broken or foreign files
  events_data_invalid: [
    6, 7, 8, 10, 20, 25, 26, 27, 32, 33, 34, 38, 41, 53, 69, 70, 72, 73, 108, 117, 125, 131, 168, 190, 252, 271, 282, 321, 349, 354, 364, 395, 407, 467,
    469, 473, 517, 541, 561, 595, 616, 617, 618, 619, 623, 624, 636, 640, 641, 642, 643, 669, 674, 676, 1001,
  ],
  events_limit: [158, 159, 160, 161, 162, 191, 202, 241, 290, 306, 307, 396, 404, 479],
  not_found: [107, 400],
  cancelled: [394],
  disk_full: [243],
  internal: [49, 74, 75, 76, 77, 173, 425, 432, 1002],
  unavailable: [3, 159.5, 209, 210, 236, 242, 279, 425.5, 516, 745],
} // biome-ignore format: a table

const codeOf = (code: number): ErrorCode =>
  (Object.keys(CODES) as ErrorCode[]).find((name) => CODES[name]?.includes(code)) ?? 'events_query_invalid'

/** The text without the SQL, which may hold values and secrets, and without the engine's inner workings. */
export function plainMessage(message: string): string {
  const hint = /Maybe you meant:? [^.]*/.exec(message)?.[0]
  const short = message
    .replace(/^.*DB::\w*Exception: /s, '')
    .replace(/:? *(in scope|while executing|while processing)\b.*$/is, '')
    .replace(/Expected one of:.*$/s, '')
    .replace(/:? *In file\/uri /, ' in ')
    .replace(/\s+/g, ' ')
    .replace(/[\s.:]+$/, '')
    .slice(0, 400)
  return hint && !short.includes(hint) ? `${short}. ${hint}` : short
}

const TRANSPORT = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'UND_ERR_SOCKET'])

/** The connection failed, so the statement may or may not have run. */
export function isTransportError(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof KedgeError || error instanceof ClickHouseError) return false
  const code = (error as { code?: string }).code
  return TRANSPORT.has(code ?? '') || /socket hang up|Timeout error|aborted|other side closed/i.test(error.message)
}

/** What the client threw, as an error of the catalogue. */
export function eventsError(error: unknown): KedgeError {
  if (error instanceof KedgeError) return error
  if (error instanceof ClickHouseError) {
    const code = /No space left on device/.test(error.message) ? 'disk_full' : codeOf(Number(error.code))
    const what = plainMessage(error.message)
    const row = /\(at row (\d+)\)/.exec(error.message)?.[1]
    const places = row ? [{ where: `row ${row}`, what }] : []
    if (code === 'not_found') return new KedgeError(code, { kind: 'The file', name: /[Ff]ile(?:\/uri)? ([^\s:,]+)/.exec(error.message)?.[1] ?? '' }, { cause: error })
    if (code === 'disk_full') return new KedgeError(code, { path: 'the events' }, { cause: error })
    return new KedgeError(code, { what }, { cause: error, places })
  }
  if (isTransportError(error)) return new KedgeError('unavailable', { what: 'The events store is away' }, { cause: error })
  return new KedgeError('internal', {}, { cause: error })
}

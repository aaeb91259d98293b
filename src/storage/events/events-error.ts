import { ClickHouseError } from '@clickhouse/client'
import { type ErrorCode, KedgeError } from '../../errors.ts'

/** ClickHouse's error types by what they mean to a caller, first match; a type in none is a mistake in the SQL. */
const TYPES: readonly [ErrorCode, RegExp][] = [
  ['cancelled', /^QUERY_WAS_CANCELLED/],
  ['disk_full', /^NOT_ENOUGH_SPACE$/],
  ['not_found', /^(FILE_DOESNT_EXIST|CANNOT_STAT)$/],
  ['events_limit', /^(MEMORY_LIMIT_EXCEEDED|MEMORY_RESERVATION_\w+|TIMEOUT_EXCEEDED|TOO_SLOW\w*|TOO_MANY_(ROWS|BYTES|ROWS_OR_BYTES|SIMULTANEOUS_QUERIES|MUTATIONS)|SET_SIZE_LIMIT_EXCEEDED|LIMIT_EXCEEDED|QUERY_IS_TOO_LARGE|TOO_LARGE_REQUEST|RESOURCE_LIMIT_EXCEEDED)$/],
  ['events_data_invalid', /^(CANNOT_(PARSE|CONVERT|INSERT_NULL|SKIP_UNKNOWN|EXTRACT_TABLE|DETECT_FORMAT|DECOMPRESS|UNPACK|READ_ALL|READ_ARRAY|READ_MAP)\w*|\w*(PARQUET|AVRO|STD)_EXCEPTION|\w+_DECODER_FAILED|ZLIB_INFLATE_FAILED|SNAPPY_UNCOMPRESS_FAILED|CHECKSUM_DOESNT_MATCH|INCORRECT_(DATA|NUMBER_OF_COLUMNS)|UNEXPECTED_END_OF_FILE|ATTEMPT_TO_READ_AFTER_EOF|TOO_LARGE_(STRING|ARRAY)_SIZE|DECIMAL_OVERFLOW|VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE|FUNCTION_THROW_IF_VALUE_IS_NON_ZERO|BAD_FILE_TYPE|UNICODE_ERROR|ONLY_NULLS_WHILE_READING_SCHEMA|INVALID_PARTITION_VALUE|TOO_MANY_PARTS|VIOLATED_CONSTRAINT|NO_SUCH_COLUMN_IN_TABLE|UNKNOWN_ELEMENT_OF_ENUM|UNEXPECTED_DATA_AFTER_PARSED_VALUE|ILLEGAL_DIVISION|BAD_QUERY_PARAMETER)$/],
  ['unavailable', /^(ABORTED|SERVER_OVERLOADED|NETWORK_ERROR|SOCKET_TIMEOUT|ALL_CONNECTION_TRIES_FAILED|DNS_ERROR|TABLE_IS_READ_ONLY|\w*AUTHENTICATION_FAILED|WRONG_PASSWORD|REQUIRED_PASSWORD|UNKNOWN_USER|S3_ERROR|AZURE_BLOB_STORAGE_ERROR|POSTGRESQL_CONNECTION_FAILURE|RECEIVED_ERROR_FROM_REMOTE_IO_SERVER|RECEIVED_ERROR_TOO_MANY_REQUESTS)$/],
  ['internal', /^(LOGICAL_ERROR|SYSTEM_ERROR|CANNOT_(OPEN|CLOSE|WRITE_TO|CREATE|FSYNC|ALLOCATE)\w*|CORRUPTED_DATA|UNKNOWN_EXCEPTION)$/],
] // biome-ignore format: a table

/** The text without the SQL, which may hold values and secrets, and without the engine's inner workings. */
export function plainMessage(message: string): string {
  const hint = /Maybe you meant:? ['[]?[^'\].]+['\]]*/.exec(message)?.[0]
  const short = message
    .replace(/^.*DB::\w*Exception: /s, '')
    .replace(/:? *\b(in scope|while executing|while processing)\b.*$/is, '')
    .replace(/failed at (?:position \d+ \((.*?)\) \(line .*|end of query.*)$/s, (_, word?: string) =>
      word ? `at "${word}"` : 'at the end',
    )
    .replace(/: \(at row \d+\)/, '')
    .replace(/\s+/g, ' ')
    .replace(/[\s.:]+$/, '')
    .slice(0, 400)
  return hint && !short.includes(hint) ? `${short}. ${hint}` : short
}

const TRANSPORT = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
])

/** The connection failed, so the statement may or may not have run. */
export function isTransportError(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof KedgeError || error instanceof ClickHouseError) return false
  const code = (error as { code?: string }).code
  return TRANSPORT.has(code ?? '') || /socket hang up|Timeout error|aborted|premature close/i.test(error.message)
}

function fromEngine(error: ClickHouseError): KedgeError {
  const type = error.type ?? ''
  const noSpace = /No space left on device/.test(error.message)
  const code = noSpace ? 'disk_full' : (TYPES.find(([, types]) => types.test(type))?.[0] ?? 'events_query_invalid')
  const what = plainMessage(error.message)
  const row = /\(at row (\d+)\)/.exec(error.message)?.[1]
  const places = row ? [{ where: `row ${row}`, what }] : []
  if (code === 'not_found') {
    const name = /[Ff]ile ([^\s:,]+)/.exec(error.message)?.[1] ?? 'named in the query'
    return new KedgeError(code, { kind: 'The file', name }, { cause: error })
  }
  if (code === 'disk_full') return new KedgeError(code, { path: 'the events' }, { cause: error })
  if (code === 'cancelled') return new KedgeError(code, { what: 'The query' }, { cause: error })
  return new KedgeError(code, { what }, { cause: error, places })
}

/** What the client threw, as an error of the catalogue. */
export function eventsError(error: unknown): KedgeError {
  if (error instanceof KedgeError) return error
  if (error instanceof ClickHouseError) return fromEngine(error)
  if (isTransportError(error))
    return new KedgeError('unavailable', { what: 'The events store is away' }, { cause: error })
  return new KedgeError('internal', {}, { cause: error })
}

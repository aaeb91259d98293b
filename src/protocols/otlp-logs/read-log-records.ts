import { createHash } from 'node:crypto'
import { KedgeError } from '../../errors.ts'
import { plainValue } from '../../tracking/traces/span-value.ts'
import { exportLogsRequest } from '../mlflow/otlp/otlp-proto.ts'
import {
  hexOf,
  integerOf,
  isMessage,
  listOf,
  type Message,
  messageOf,
  readAttributes,
  readValue,
  textOf,
} from '../mlflow/otlp/otlp-value.ts'

/** A log record as Kedge looks at it; or why it cannot. */
export interface OtlpRecord {
  /** what is said of where it comes from, and of it, which goes before */
  attributes: Record<string, unknown>
  body: unknown
  eventName: string
  /** milliseconds since 1970; undefined where it names no time */
  time: number | undefined
  /** the same for the same record, whenever it is sent */
  digest: string
}

const invalid = (what: string, cause?: unknown) =>
  new KedgeError('invalid_input', { what: `Invalid OpenTelemetry format: ${what}` }, { cause })

/** The records of an ExportLogsServiceRequest, or what is wrong with each. Errors: `invalid_input` where it is none. */
export function readLogRecords(body: Uint8Array, type: 'protobuf' | 'json'): (OtlpRecord | { wrong: string })[] {
  let request: unknown
  try {
    request =
      type === 'json'
        ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
        : exportLogsRequest.decode(body)
  } catch (cause) {
    throw invalid('the body is no ExportLogsServiceRequest', cause)
  }
  if (!isMessage(request)) throw invalid('the body must be an object')
  return listOf(request.resourceLogs, 'resourceLogs').flatMap((group) => {
    const resource = plainAttributes(messageOf(group.resource, 'resource').attributes)
    return listOf(group.scopeLogs, 'scopeLogs').flatMap((scope) =>
      listOf(scope.logRecords, 'logRecords').map((record) => {
        try {
          return readRecord(record, resource)
        } catch (error) {
          if (error instanceof KedgeError) return { wrong: error.message }
          throw error
        }
      }),
    )
  })
}

const plainAttributes = (attributes: unknown) => plainValue(readAttributes(attributes)) as Record<string, unknown>

function readRecord(record: Message, resource: Record<string, unknown>): OtlpRecord {
  const own = plainAttributes(record.attributes)
  const body = record.body === undefined || record.body === null ? null : plainValue(readValue(record.body))
  const time = timeOf(record.timeUnixNano) ?? timeOf(record.observedTimeUnixNano)
  const eventName = textOf(record.eventName, 'eventName')
  const span = [hexOf(record.traceId, 16, 'traceId'), hexOf(record.spanId, 8, 'spanId')]
  const digest = createHash('sha256')
    .update(
      JSON.stringify([resource, own, body, eventName, span, String(integerOf(record.timeUnixNano, 'timeUnixNano'))]),
    )
    .digest('hex')
    .slice(0, 32)
  return { attributes: { ...resource, ...own }, body, eventName, time, digest }
}

function timeOf(nanoseconds: unknown): number | undefined {
  const time = integerOf(nanoseconds, 'timeUnixNano')
  if (time < 0n) throw invalid('timeUnixNano must be nanoseconds since 1970')
  return time === 0n ? undefined : Number(time / 1_000_000n)
}

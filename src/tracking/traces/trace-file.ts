import { text } from 'node:stream/consumers'
import { KedgeError } from '../../errors.ts'
import { artifactRoot, joinPath } from '../artifact-path.ts'
import type { Artifacts } from '../artifacts.ts'
import type { Span, SpanEvent } from './span.ts'
import { plainValue, type SpanValue, spanEntries, spanMap, type TypedValue } from './span-value.ts'
import { inStore, type TraceInfo, traceTags } from './trace.ts'

const largest = 64 * 2 ** 20

/** Spans of a trace whose client has uploaded them as a file, because it knew of no other way; none when there is no file. */
export async function readTraceFile(artifacts: Artifacts, project: string, info: TraceInfo): Promise<Span[]> {
  const location = info.tags[traceTags.artifactLocation]
  if (info.tags[traceTags.spansLocation] === inStore || location === undefined) return []
  try {
    const { file, content } = await artifacts.open(project, joinPath(artifactRoot(location), 'traces.json'))
    if (file.bytes > largest) {
      content.destroy()
      return []
    }
    const { spans } = JSON.parse(await text(content)) as { spans?: FileSpan[] }
    return (spans ?? []).map((span) => spanOf(span))
  } catch (error) {
    // what lies there is a caller's file: it may be missing, or be no trace
    if ([SyntaxError, TypeError, RangeError, KedgeError].some((kind) => error instanceof kind)) return []
    throw error
  }
}

/** MLflow's `Span.to_dict()`: ids in base64, attributes as JSON in JSON. */
interface FileSpan {
  trace_id: string
  span_id: string
  parent_span_id?: string | null
  name: string
  start_time_unix_nano: number | string
  end_time_unix_nano?: number | string | null
  status?: { code?: string; message?: string }
  attributes?: Record<string, string>
  events?: { name: string; time_unix_nano: number | string; attributes?: Record<string, unknown> }[]
}

/** Throws a `TypeError` for what is no time. */
const time = (value: number | string): string => {
  const digits = typeof value === 'number' ? BigInt(value).toString() : value
  if (!/^\d{1,20}$/.test(digits)) throw new TypeError('not a time')
  return digits
}
const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex')

const spanOf = (span: FileSpan): Span => ({
  traceId: hex(span.trace_id),
  id: hex(span.span_id),
  parent: span.parent_span_id ? hex(span.parent_span_id) : null,
  name: span.name,
  kind: 1,
  start: time(span.start_time_unix_nano),
  end: span.end_time_unix_nano ? time(span.end_time_unix_nano) : null,
  status: {
    code: /ERROR/.test(span.status?.code ?? '') ? 'ERROR' : /OK/.test(span.status?.code ?? '') ? 'OK' : 'UNSET',
    ...(span.status?.message ? { message: span.status.message } : {}),
  },
  attributes: spanMap(Object.entries(span.attributes ?? {}).map(([key, value]) => [key, typed(parsed(value))])),
  events: (span.events ?? []).map(
    (event): SpanEvent => ({
      name: event.name,
      time: time(event.time_unix_nano),
      attributes: spanMap(Object.entries(event.attributes ?? {}).map(([key, value]) => [key, typed(value)])),
    }),
  ),
  links: [],
})

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function typed(value: unknown): TypedValue {
  if (typeof value === 'string') return { kind: 'text', value }
  if (typeof value === 'boolean') return { kind: 'truth', value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { kind: 'int', value: BigInt(value) } : { kind: 'double', value }
  if (Array.isArray(value)) return { kind: 'list', value: value.map(typed) }
  if (typeof value === 'object' && value !== null)
    return { kind: 'map', value: Object.entries(value).map(([key, one]) => [key, typed(one)]) }
  return { kind: 'empty' }
}

const base64 = (digits: string) => Buffer.from(digits, 'hex').toString('base64')
const dumped = (attributes: SpanValue) =>
  Object.fromEntries(spanEntries(attributes).map(([key, value]) => [key, JSON.stringify(plainValue(value))]))

/** A span as the file has it. */
export const fileSpan = (span: Span) => ({
  trace_id: base64(span.traceId),
  span_id: base64(span.id),
  parent_span_id: span.parent === null ? null : base64(span.parent),
  name: span.name,
  start_time_unix_nano: span.start,
  end_time_unix_nano: span.end,
  events: span.events.map((event) => ({
    name: event.name,
    time_unix_nano: event.time,
    attributes: plainValue(event.attributes),
  })),
  status: { code: `STATUS_CODE_${span.status.code}`, message: span.status.message ?? '' },
  attributes: dumped(span.attributes),
  links: span.links.map((link) => ({
    trace_id: `tr-${link.trace}`,
    span_id: link.span,
    attributes: plainValue(link.attributes),
  })),
})

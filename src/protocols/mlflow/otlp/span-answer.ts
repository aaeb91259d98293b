import type { Span } from '../../../tracking/traces/span.ts'
import { snakeCase, writeAttributes } from './otlp-value.ts'

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')
const some = <T>(name: string, value: T | undefined) => (value === undefined || value === '' ? {} : { [name]: value })
const list = <T>(name: string, items: T[]) => (items.length > 0 ? { [name]: items } : {})

/** A span as protobuf's JSON says OpenTelemetry's message: MLflow's answers with spans. */
export const spanAnswer = (span: Span) => ({
  trace_id: base64(span.traceId),
  span_id: base64(span.id),
  ...(span.parent === null ? {} : { parent_span_id: base64(span.parent) }),
  ...some('trace_state', span.state),
  ...some('flags', span.flags),
  name: span.name,
  ...(span.kind === 0 ? {} : { kind: span.kind }),
  start_time_unix_nano: span.start,
  ...(span.end === null ? {} : { end_time_unix_nano: span.end }),
  ...list('attributes', writeAttributes(span.attributes, snakeCase)),
  ...some('dropped_attributes_count', span.droppedAttributes),
  ...list(
    'events',
    span.events.map((event) => ({
      time_unix_nano: event.time,
      name: event.name,
      ...list('attributes', writeAttributes(event.attributes, snakeCase)),
      ...some('dropped_attributes_count', event.dropped),
    })),
  ),
  ...some('dropped_events_count', span.droppedEvents),
  ...list(
    'links',
    span.links.map((link) => ({
      trace_id: base64(link.trace),
      span_id: base64(link.span),
      ...some('trace_state', link.state),
      ...list('attributes', writeAttributes(link.attributes, snakeCase)),
      ...some('dropped_attributes_count', link.dropped),
      ...some('flags', link.flags),
    })),
  ),
  ...some('dropped_links_count', span.droppedLinks),
  status: { ...some('message', span.status.message), code: `STATUS_CODE_${span.status.code}` },
})

import { KedgeError } from '../../../errors.ts'
import { storable } from '../../../tracking/traces/limits.ts'
import type { Span, SpanEvent, SpanLink } from '../../../tracking/traces/span.ts'
import { plainValue, spanEntries } from '../../../tracking/traces/span-value.ts'
import type { ResourceAttributes, SpanBatchItem } from '../../../tracking/traces/summarise-spans.ts'
import { exportTraceRequest } from './otlp-proto.ts'
import { hexOf, integerOf, isMessage, listOf, type Message, messageOf, readAttributes, textOf } from './otlp-value.ts'

const codes = ['UNSET', 'OK', 'ERROR'] as const
const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const most = 2n ** 64n - 1n
const unusable = (cause: unknown) =>
  new KedgeError('invalid_input', { what: 'Invalid OpenTelemetry format' }, { cause })
const invalid = (what: string) => new KedgeError('invalid_input', { what: `Invalid OpenTelemetry format: ${what}` })

/** The spans of an ExportTraceServiceRequest. Errors: `invalid_input`. */
export function readOtlp(body: Uint8Array, type: 'protobuf' | 'json'): SpanBatchItem[] {
  let request: unknown
  try {
    request =
      type === 'json'
        ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
        : exportTraceRequest.decode(body)
  } catch (error) {
    throw unusable(error)
  }
  if (!isMessage(request)) throw invalid('the body must be an object')
  const groups = listOf(request.resourceSpans, 'resourceSpans')
  if (groups.length === 0) throw invalid('no spans found')
  return groups.flatMap((group) => {
    const resource = resourceAttributes(messageOf(group.resource, 'resource'))
    return listOf(group.scopeSpans, 'scopeSpans').flatMap((scope) =>
      listOf(scope.spans, 'spans').map((span) => ({ span: readSpan(span), resource })),
    )
  })
}

function resourceAttributes(resource: Message): ResourceAttributes {
  const attributes = Object.create(null) as ResourceAttributes
  for (const [key, value] of spanEntries(readAttributes(resource.attributes))) {
    const plain = plainValue(value)
    attributes[key] = typeof plain === 'string' ? plain : JSON.stringify(plain)
  }
  return attributes
}

function nanoseconds(value: unknown, name: string): string {
  const time = integerOf(value, name)
  if (time < 0n || time > most) throw invalid(`${name} must be nanoseconds since 1970`)
  return String(time)
}

function numbered(value: unknown, name: string, names: readonly string[], prefix: string): number {
  if (typeof value === 'string' && value.startsWith(prefix)) {
    const index = names.indexOf(value.slice(prefix.length))
    if (index >= 0) return index
  }
  const number = Number(integerOf(value, name))
  if (number < 0 || number > 1000) throw invalid(`${name} is none that is known`)
  return number
}

/** Fields that are usually absent. */
function seldom<Name extends string>(source: Message, fields: Record<Name, string>): Partial<Record<Name, number>> {
  const found: Partial<Record<Name, number>> = {}
  for (const [name, field] of Object.entries(fields) as [Name, string][]) {
    const value = Number(integerOf(source[field], field))
    if (value !== 0) found[name] = value
  }
  return found
}
/** A text that is a name, not data: what SQL cannot store is replaced. */
const nameOf = (value: unknown, name: string) => storable(textOf(value, name))
const state = (source: Message) => {
  const text = nameOf(source.traceState, 'traceState')
  return text === '' ? {} : { state: text }
}

function readSpan(source: Message): Span {
  const traceId = hexOf(source.traceId, 16, 'traceId')
  const id = hexOf(source.spanId, 8, 'spanId')
  if (traceId === '' || id === '') throw invalid('a span must have traceId and spanId')
  const parent = hexOf(source.parentSpanId, 8, 'parentSpanId')
  const end = nanoseconds(source.endTimeUnixNano, 'endTimeUnixNano')
  const status = messageOf(source.status, 'status')
  const message = nameOf(status.message, 'status.message')
  return {
    traceId,
    id,
    parent: parent === '' || /^0+$/.test(parent) ? null : parent,
    name: nameOf(source.name, 'name'),
    kind: numbered(source.kind, 'kind', kinds, 'SPAN_KIND_'),
    start: nanoseconds(source.startTimeUnixNano, 'startTimeUnixNano'),
    end: end === '0' ? null : end,
    status: {
      code: codes[numbered(status.code, 'status.code', codes, 'STATUS_CODE_')] ?? 'UNSET',
      ...(message === '' ? {} : { message }),
    },
    attributes: readAttributes(source.attributes),
    events: listOf(source.events, 'events').map(readEvent),
    links: listOf(source.links, 'links').map(readLink),
    ...state(source),
    ...seldom(source, {
      flags: 'flags',
      droppedAttributes: 'droppedAttributesCount',
      droppedEvents: 'droppedEventsCount',
      droppedLinks: 'droppedLinksCount',
    }),
  }
}

const readEvent = (source: Message): SpanEvent => ({
  name: nameOf(source.name, 'event.name'),
  time: nanoseconds(source.timeUnixNano, 'timeUnixNano'),
  attributes: readAttributes(source.attributes),
  ...seldom(source, { dropped: 'droppedAttributesCount' }),
})

const readLink = (source: Message): SpanLink => ({
  trace: hexOf(source.traceId, 16, 'link.traceId'),
  span: hexOf(source.spanId, 8, 'link.spanId'),
  attributes: readAttributes(source.attributes),
  ...state(source),
  ...seldom(source, { flags: 'flags', dropped: 'droppedAttributesCount' }),
})

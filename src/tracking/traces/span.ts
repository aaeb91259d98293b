import { type SpanValue, spanEntries } from './span-value.ts'

export interface SpanEvent {
  name: string
  /** nanoseconds since 1970, in decimal digits */
  time: string
  attributes: SpanValue
  dropped?: number
}

export interface SpanLink {
  /** 32 and 16 hex digits */
  trace: string
  span: string
  attributes: SpanValue
  state?: string
  flags?: number
  dropped?: number
}

/** What a span is besides its ids: what the column `content` holds. */
export interface SpanDocument {
  name: string
  /** OpenTelemetry's SpanKind */
  kind: number
  /** nanoseconds since 1970, in decimal digits */
  start: string
  /** null while it goes on */
  end: string | null
  status: { code: 'UNSET' | 'OK' | 'ERROR'; message?: string }
  attributes: SpanValue
  events: SpanEvent[]
  links: SpanLink[]
  state?: string
  flags?: number
  droppedAttributes?: number
  droppedEvents?: number
  droppedLinks?: number
}

export interface Span extends SpanDocument {
  /** 32 hex digits, as its producer counts traces */
  traceId: string
  /** 16 hex digits */
  id: string
  parent: string | null
}

/** The value of an attribute, undefined when there is none. */
export const spanAttribute = ({ attributes }: SpanDocument, key: string): SpanValue | undefined =>
  attributes !== null && typeof attributes === 'object' && !Array.isArray(attributes) && attributes['@'] === undefined
    ? Object.hasOwn(attributes, key)
      ? (attributes as Record<string, SpanValue>)[key]
      : undefined
    : spanEntries(attributes).find(([name]) => name === key)?.[1]

const whole = (nanoseconds: string, digits: number) => Number(nanoseconds.slice(0, -digits) || '0')
export const microseconds = (nanoseconds: string): number => whole(nanoseconds, 3)
export const milliseconds = (nanoseconds: string): number => whole(nanoseconds, 6)

/** MLflow's name for a trace that came by OpenTelemetry. */
export const traceIdOf = (hex: string): string => `tr-${hex}`

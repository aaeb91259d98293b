import type { TraceState } from '../../storage/sql/tables/traces.ts'
import { cut, storable, traceLimits } from './limits.ts'
import { preview } from './preview.ts'
import { milliseconds, type Span, spanAttribute, traceIdOf } from './span.ts'
import { plainValue, spanEntries } from './span-value.ts'
import { traceTags } from './trace.ts'
import { usageOf } from './usage.ts'

/** Attributes of the resource that a batch of spans came from; texts by key. */
export type ResourceAttributes = Record<string, string>

export interface SpanBatchItem {
  span: Span
  resource: ResourceAttributes
}

/** What spans of one trace say about the trace. */
export interface SpanSummary {
  id: string
  spans: Span[]
  /** milliseconds */
  start: number
  end: number | null
  hasRoot: boolean
  state: TraceState
  requestPreview: string | null
  responsePreview: string | null
  /** tags that replace what is there */
  tags: [string, string][]
  /** tags for want of better */
  usualTags: [string, string][]
  session: string | null
  user: string | null
  /** whether a span says how many tokens it used, or what it cost */
  hasUsage: boolean
}

const tagPrefix = 'mlflow.traceTag.'
const sessionKeys = ['session.id', 'gen_ai.conversation.id']
const userKeys = ['user.id']
export const inputKeys = ['mlflow.spanInputs', 'input.value', 'gen_ai.input.messages', 'traceloop.entity.input']
export const outputKeys = ['mlflow.spanOutputs', 'output.value', 'gen_ai.output.messages', 'traceloop.entity.output']

/** The first of some attributes that the span has. */
export const firstAttribute = (span: Parameters<typeof spanAttribute>[0], keys: readonly string[]) => {
  for (const key of keys) {
    const value = spanAttribute(span, key)
    if (value !== undefined && value !== null) return value
  }
  return undefined
}

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
/** MLflow's clients write texts as JSON in some attributes. */
const unquoted = (text: string) => /^"(.*)"$/s.exec(text)?.[1] ?? text

/** Spans grouped by trace; of a span that comes twice the later one. */
export function summariseSpans(items: readonly SpanBatchItem[]): SpanSummary[] {
  const traces = new Map<string, SpanBatchItem[]>()
  for (const item of items) {
    const own = traces.get(item.span.traceId)
    if (own) own.push(item)
    else traces.set(item.span.traceId, [item])
  }
  return [...traces.values()].map(summarise)
}

function summarise(items: SpanBatchItem[]): SpanSummary {
  const spans = [...new Map(items.map(({ span }) => [span.id, span])).values()]
  const root = spans.find((span) => span.parent === null)
  const ends = spans.flatMap(({ end }) => (end === null ? [] : [milliseconds(end)]))
  const tags: [string, string][] = []
  for (const { resource } of items.slice(0, 1))
    for (const [key, value] of Object.entries(resource))
      if (!/^(telemetry\.sdk\.|mlflow\.)/.test(key) && key !== '' && key.length <= 250)
        tags.push([storable(key), cut(value, traceLimits.value)])
  const usualTags: [string, string][] = []
  if (root) {
    for (const [key, value] of spanEntries(root.attributes))
      if (key.startsWith(tagPrefix) && key.length > tagPrefix.length && key.length <= tagPrefix.length + 250)
        tags.push([storable(key.slice(tagPrefix.length)), cut(asText(plainValue(value)), traceLimits.value)])
    if (root.name !== '') usualTags.push([traceTags.name, cut(root.name, traceLimits.value)])
  }
  const common = (keys: readonly string[]) => {
    const value = spans.map((span) => firstAttribute(span, keys)).find((found) => found !== undefined)
    return value === undefined ? null : cut(unquoted(asText(plainValue(value))), traceLimits.id)
  }
  return {
    id: traceIdOf(spans[0]!.traceId),
    spans,
    start: spans.reduce((least, { start }) => Math.min(least, milliseconds(start)), Number.POSITIVE_INFINITY),
    end: ends.length > 0 ? ends.reduce((most, end) => Math.max(most, end)) : null,
    hasRoot: root !== undefined,
    state: root === undefined || root.end === null ? 'IN_PROGRESS' : root.status.code === 'ERROR' ? 'ERROR' : 'OK',
    requestPreview: root ? preview(firstAttribute(root, inputKeys), 'user') : null,
    responsePreview: root ? preview(firstAttribute(root, outputKeys), 'assistant') : null,
    tags,
    usualTags,
    session: common(sessionKeys),
    user: common(userKeys),
    hasUsage: spans.some((span) => usageOf(span) !== undefined),
  }
}

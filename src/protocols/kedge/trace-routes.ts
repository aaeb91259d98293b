import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Span } from '../../tracking/traces/span.ts'
import { spanType } from '../../tracking/traces/span-type.ts'
import { plainValue, type SpanValue, spanEntries } from '../../tracking/traces/span-value.ts'
import { firstAttribute, inputKeys, outputKeys } from '../../tracking/traces/summarise-spans.ts'
import { type Assessment, type TraceInfo, traceMetadata, traceTags } from '../../tracking/traces/trace.ts'
import { readTraceFile } from '../../tracking/traces/trace-file.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import { page, route } from '../route.ts'
import { type traceAssessment, traceDetail, traceList, type traceSpan, type traceSummary } from './schemas/traces.ts'

const inProject = z.object({ project: z.string() })
const base = '/api/v1/projects/:project/traces'
const tag = 'tracking'

const assessment = (one: Assessment): z.input<typeof traceAssessment> => ({
  id: one.id,
  kind: one.kind,
  name: one.name,
  value: one.value,
  error: one.error === null ? null : [one.error.code, one.error.message].filter(Boolean).join(': '),
  source: one.source.type,
  by: one.source.id,
  span: one.spanId,
  rationale: one.rationale,
  valid: one.valid,
  createdAt: one.createdAt,
})

const summary = (info: TraceInfo): z.input<typeof traceSummary> => ({
  id: info.id,
  name: info.tags[traceTags.name] ?? null,
  experimentId: info.experimentId,
  time: info.time,
  duration: info.duration,
  state: info.state,
  request: info.requestPreview,
  response: info.responsePreview,
  session: info.session,
  tokens: tokens(info),
  user: info.metadata[traceMetadata.user] ?? null,
  run: info.sourceRun,
  tags: Object.fromEntries(Object.entries(info.tags).filter(([key]) => !key.startsWith('mlflow.'))),
  assessments: info.assessments.map(assessment),
})

/** How many tokens of language models it took, as its client or its spans say. */
function tokens(info: TraceInfo): number | null {
  try {
    const usage = JSON.parse(info.metadata[traceMetadata.tokenUsage] ?? 'null') as { total_tokens?: unknown } | null
    return typeof usage?.total_tokens === 'number' ? usage.total_tokens : null
  } catch {
    return null
  }
}

const record = (attributes: SpanValue) =>
  Object.fromEntries(spanEntries(attributes).map(([key, value]) => [key, plainValue(value)]))
const hidden = new Set(['mlflow.traceRequestId', 'mlflow.spanType', 'mlflow.spanFunctionName', 'mlflow.spanLogLevel'])

/** A span beside the moment that its trace began, in nanoseconds. */
function spanAnswer(span: Span, began: bigint): z.input<typeof traceSpan> {
  const since = (time: string) => Number(BigInt(time) - began) / 1000
  const inputs = firstAttribute(span, inputKeys)
  const outputs = firstAttribute(span, outputKeys)
  const others = spanEntries(span.attributes).filter(
    ([key, value]) => !hidden.has(key) && value !== inputs && value !== outputs,
  )
  return {
    id: span.id,
    parent: span.parent,
    name: span.name,
    type: spanType(span),
    status: span.status.code,
    message: span.status.message ?? null,
    start: span.start,
    end: span.end,
    offset: since(span.start),
    duration: span.end === null ? null : Number(BigInt(span.end) - BigInt(span.start)) / 1000,
    inputs: inputs === undefined ? null : plainValue(inputs),
    outputs: outputs === undefined ? null : plainValue(outputs),
    attributes: Object.fromEntries(others.map(([key, value]) => [key, plainValue(value)])),
    events: span.events.map((event) => ({
      name: event.name,
      offset: since(event.time),
      attributes: record(event.attributes),
    })),
    links: span.links.map((link) => ({ trace: link.trace, span: link.span, attributes: record(link.attributes) })),
  }
}

/** Traces over Kedge's own API. */
export function traceRoutes(app: FastifyInstance, { tracking }: { tracking: Tracking }): void {
  const { traces, artifacts } = tracking

  route(app, {
    method: 'GET',
    url: base,
    permission: 'read',
    summary: 'Lists traces, the newest first; `filter` is MLflow’s language with OR, NOT and parentheses',
    tag,
    params: inProject,
    query: page.extend({
      experiment: z.string().optional().describe('ids of experiments, separated by commas; all when absent'),
      filter: z
        .string()
        .optional()
        .describe("such as status = 'ERROR' AND (span.type = 'LLM' OR trace.text ILIKE '%refund%')"),
      order: z.string().optional().describe('such as execution_time DESC, several separated by commas'),
    }),
    answer: traceList,
    async handler({ params, query }) {
      const { items, total } = await traces.list(params.project, {
        experimentIds: query.experiment?.split(','),
        filter: query.filter,
        orderBy: query.order?.split(',').map((clause) => clause.trim()),
        limit: query.limit,
        offset: query.offset,
      })
      return { items: items.map(summary), total }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/:trace`,
    permission: 'read',
    summary: 'Shows a trace with its spans and what was thought of it',
    tag,
    params: inProject.extend({ trace: z.string() }),
    answer: traceDetail,
    async handler({ params }) {
      const { info, spans } = await traces.get(params.project, params.trace, true)
      const known = spans.length > 0 ? spans : await readTraceFile(artifacts, params.project, info)
      const began = known.reduce<bigint | undefined>(
        (least, { start }) => (least === undefined || BigInt(start) < least ? BigInt(start) : least),
        undefined,
      )
      return {
        ...summary(info),
        clientRequestId: info.clientRequestId,
        metadata: info.metadata,
        spans: known.map((span) => spanAnswer(span, began!)),
      }
    },
  })
}

import { z } from 'zod'

/** Times are milliseconds since 1970; within a trace microseconds since it began. */
export const traceAssessment = z.object({
  id: z.string(),
  kind: z.enum(['feedback', 'expectation', 'issue']),
  name: z.string(),
  value: z.unknown(),
  error: z.string().nullable(),
  source: z.string().describe('such as HUMAN or CODE'),
  by: z.string().nullable(),
  span: z.string().nullable(),
  rationale: z.string().nullable(),
  valid: z.boolean().describe('false when another one replaces it'),
  createdAt: z.number(),
})

export const traceSummary = z.object({
  id: z.string(),
  name: z.string().nullable(),
  experimentId: z.string(),
  time: z.number(),
  duration: z.number().nullable().describe('milliseconds; null while it goes on'),
  state: z.enum(['STATE_UNSPECIFIED', 'OK', 'ERROR', 'IN_PROGRESS']),
  request: z.string().nullable().describe('what was asked, in short'),
  response: z.string().nullable(),
  session: z.string().nullable(),
  user: z.string().nullable(),
  tokens: z.number().nullable().describe('of language models, in all'),
  run: z.string().nullable().describe('the run that was active'),
  tags: z.record(z.string(), z.string()),
  assessments: z.array(traceAssessment),
})

export const traceList = z.object({ items: z.array(traceSummary), total: z.number() })

const attributes = z.record(z.string(), z.unknown())

export const traceSpan = z.object({
  id: z.string(),
  parent: z.string().nullable(),
  name: z.string(),
  type: z.string(),
  status: z.enum(['UNSET', 'OK', 'ERROR']),
  message: z.string().nullable(),
  start: z.string().describe('nanoseconds since 1970'),
  end: z.string().nullable(),
  offset: z.number().describe('microseconds since the trace began'),
  duration: z.number().nullable().describe('microseconds'),
  inputs: z.unknown(),
  outputs: z.unknown(),
  attributes,
  events: z.array(z.object({ name: z.string(), offset: z.number(), attributes })),
  links: z.array(z.object({ trace: z.string(), span: z.string(), attributes })),
})

export const traceDetail = traceSummary.extend({
  clientRequestId: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  spans: z.array(traceSpan),
})

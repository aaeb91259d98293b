import { z } from 'zod'

/** Times are milliseconds since 1970. */
const time = z.number().int()
const error = z.object({ code: z.string(), message: z.string(), todo: z.string() })
const blob = z.object({ digest: z.string(), bytes: z.number() })

export const pipelineAnswer = z.object({
  name: z.string(),
  description: z.string().nullable(),
  /** the declaration, with defaults filled in; sizes in bytes, durations in milliseconds */
  spec: z.unknown(),
  files: z.record(z.string(), blob),
  digest: z.string(),
  steps: z.array(z.object({ name: z.string(), run: z.string(), waitsFor: z.array(z.string()) })),
  createdAt: time,
  updatedAt: time,
  lastRun: z.object({ id: z.number(), state: z.string(), createdAt: time, finishedAt: time.nullable() }).nullable(),
})

export const stepInputAnswer = z.object({
  name: z.string(),
  digest: z.string(),
  bytes: z.number(),
  kind: z.enum(['file', 'folder']),
  dataset: z.string().optional(),
  version: z.number().optional(),
  step: z.string().optional(),
  output: z.string().optional(),
})

export const pipelineStepAnswer = z.object({
  name: z.string(),
  position: z.number(),
  state: z.enum(['queued', 'running', 'succeeded', 'skipped', 'failed', 'cancelled', 'blocked']),
  /** how often it was started; more than 1 after an interruption */
  attempt: z.number(),
  digest: z.string().nullable(),
  reusedRun: z.number().nullable(),
  /** id of the run that it logs into */
  trackingRun: z.string().nullable(),
  executor: z.string().nullable(),
  inputs: z.array(stepInputAnswer),
  outputs: z.array(blob.extend({ name: z.string(), kind: z.enum(['file', 'folder']) })),
  exitCode: z.number().nullable(),
  /** how it ended: exit, timeout, memory, cancelled, signal, lost … */
  reason: z.string().nullable(),
  usage: z.object({ cpuSeconds: z.number(), wallSeconds: z.number(), maxMemoryBytes: z.number() }).nullable(),
  error: error.nullable(),
  modelVersion: z.object({ model: z.string(), version: z.number(), reused: z.boolean() }).nullable(),
  codeDigest: z.string().nullable(),
  environmentDigest: z.string().nullable(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
})

export const pipelineRunAnswer = z.object({
  id: z.number(),
  pipeline: z.string(),
  state: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
  asOf: time.nullable(),
  params: z.record(z.string(), z.unknown()),
  force: z.boolean(),
  /** event that led to it */
  cause: z.number().nullable(),
  actor: z.string(),
  error: error.nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  steps: z.array(pipelineStepAnswer),
})

export const pipelinePut = z.object({
  /** as in kedge.yaml */
  spec: z.unknown(),
  /** path → contents in base64: the code and lock files that the steps name */
  files: z.record(z.string(), z.string()).default({}),
})

export const pipelineStart = z.object({
  asOf: time.optional(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  force: z.boolean().default(false),
  /** the same key again gives the same run */
  key: z.string().max(200).optional(),
})

import { z } from 'zod'
import { modelKinds } from '../../../contracts/model-kind.ts'
import { modelSpec } from '../../../registry/model-spec.ts'

export const modelAnswer = z.object({
  name: z.string(),
  description: z.string().nullable(),
  spec: modelSpec.nullable(),
  tags: z.record(z.string(), z.string()),
  aliases: z.record(z.string(), z.number()).describe('alias → version'),
  versions: z.number(),
  latestVersion: z.number().nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
})

const estimate = z.object({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() })

export const gateRuleResult = z.object({
  metric: z.string(),
  /** the rule in words */
  rule: z.string(),
  outcome: z.enum(['passed', 'failed', 'skipped']),
  reason: z.string(),
  challenger: estimate.nullable(),
  champion: estimate.nullable(),
  /** challenger − champion on the same rows */
  difference: estimate.extend({ p: z.number().nullable() }).nullable(),
})

export const gateEvidence = z.object({
  rows: z.number(),
  positives: z.number().nullable(),
  task: z.enum(['binary', 'regression']),
  holdout: z.object({ dataset: z.string(), version: z.number() }),
  /** event time of the held-out rows, milliseconds */
  window: z.object({ from: z.number(), to: z.number() }).nullable(),
  confidence: z.number(),
  rules: z.array(gateRuleResult),
  seconds: z.number(),
})

export const gateAnswer = z.object({
  id: z.number(),
  model: z.string(),
  version: z.number(),
  champion: z.number().nullable(),
  state: z.enum(['passed', 'failed']),
  evidence: gateEvidence.nullable(),
  /** when it failed without evidence: what went wrong */
  error: z.string().nullable(),
  createdAt: z.number(),
})

export const modelVersionAnswer = z.object({
  model: z.string(),
  version: z.number(),
  description: z.string().nullable(),
  status: z.string(),
  aliases: z.array(z.string()),
  tags: z.record(z.string(), z.string()),
  kind: z.enum(modelKinds).nullable(),
  digest: z.string().nullable(),
  bytes: z.number().nullable(),
  source: z.string(),
  runId: z.string().nullable(),
  modelId: z.string().nullable(),
  pipelineRun: z.number().nullable(),
  step: z.string().nullable(),
  codeDigest: z.string().nullable(),
  environmentDigest: z.string().nullable(),
  signature: z.unknown(),
  datasetVersions: z.array(z.object({ dataset: z.string(), version: z.number(), role: z.string() })),
  holdout: z.object({ dataset: z.string(), version: z.number() }).nullable(),
  /** the time up to which its data reaches */
  asOf: z.number().nullable(),
  gate: z.enum(['none', 'waiting', 'passed', 'failed']),
  /** digest of the Parquet file with its scored training and held-out rows */
  reference: z.string().nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
})

export const conversionAnswer = z.object({
  model: z.string(),
  version: z.number(),
  state: z.enum(['converted', 'refused']),
  digest: z.string().nullable().describe('of the folder with the ONNX model'),
  bytes: z.number().nullable(),
  rows: z.number().describe('rows on which both gave their answers'),
  source: z.string().nullable().describe('where these rows came from'),
  tolerance: z.number().describe('as a share of the larger answer, of 1 at least'),
  largestDifference: z.number().nullable(),
  precision: z.enum(['float', 'double']).nullable(),
  why: z.string().nullable().describe('why it stays in Python'),
  tools: z.record(z.string(), z.string()).nullable(),
  createdAt: z.number(),
})

export const promotionAnswer = z.object({
  id: z.number(),
  model: z.string(),
  alias: z.string(),
  from: z.number().nullable(),
  to: z.number().nullable(),
  actor: z.string(),
  reason: z.string(),
  evidence: z.unknown(),
  time: z.number(),
})

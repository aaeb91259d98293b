import { z } from 'zod'

/** Times are milliseconds since 1970. */
const time = z.number().int()

export const ruleAnswer = z.object({
  name: z.string(),
  /** the declaration, with defaults filled in; durations in milliseconds */
  spec: z.unknown(),
  state: z.enum(['active', 'tripped', 'disabled']),
  /** retrainings in a row that led to nothing */
  failures: z.number(),
  /** event time for alerts, the clock's for others */
  lastFired: time.nullable(),
  /** next time of a schedule */
  nextAt: time.nullable(),
  createdAt: time,
  updatedAt: time,
})

export const firingAnswer = z.object({
  id: z.number(),
  rule: z.string(),
  /** event that is the cause; null for schedules */
  cause: z.number().nullable(),
  /** what the cause is about: `alert/3` */
  subject: z.string(),
  /** event time for alerts, the clock's for others */
  time,
  state: z.enum(['ignored', 'waiting', 'running', 'succeeded', 'failed']),
  reason: z.string().nullable(),
  pipelineRun: z.number().nullable(),
  gates: z.array(z.object({ model: z.string(), version: z.number(), result: z.enum(['waiting', 'passed', 'failed']) })),
  createdAt: time,
  finishedAt: time.nullable(),
})

export const channelAnswer = z.object({
  name: z.string(),
  kind: z.string(),
  /** without its secret */
  spec: z.unknown(),
  hasSecret: z.boolean(),
  createdAt: time,
  updatedAt: time,
})

export const channelKind = z.object({ kind: z.string(), title: z.string(), settings: z.unknown() })

export const deliveryAnswer = z.object({
  id: z.string(),
  channel: z.string(),
  event: z.number().nullable(),
  type: z.string(),
  subject: z.string(),
  state: z.enum(['queued', 'delivered', 'failed']),
  attempts: z.number(),
  status: z.number().nullable(),
  reason: z.string().nullable(),
  nextAt: time.nullable(),
  createdAt: time,
  finishedAt: time.nullable(),
})

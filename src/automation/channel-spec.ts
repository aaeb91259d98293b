import { z } from 'zod'
import type { Channel } from '../contracts/channel.ts'
import { nearest } from '../data/expression/nearest.ts'
import { type EventType, eventCatalogue } from '../journal/catalogue.ts'

/** What a person should know of, when a channel does not say. */
export const defaultEvents = [
  'alert.opened',
  'alert.closed',
  'gate.failed',
  'pipeline_run.failed',
  'release.finished',
  'release.rolled_back',
  'rule.tripped',
] as const

/** Kinds of events that no channel gets: too many of them, or about channels themselves. */
const unoffered = /^(run|logged_model|experiment|step|delivery|reader|server|secret|token|revision)\./

/** What channels can be told of, as it comes from the journal. */
export const offeredTypes = (Object.keys(eventCatalogue) as EventType[]).filter((type) => !unoffered.test(type))
const offeredNames = [
  ...offeredTypes,
  'drift.detected',
  'pipeline_run.succeeded',
  'pipeline_run.failed',
  'pipeline_run.cancelled',
]

export interface ChannelSpec {
  kind: string
  /** names of events, or `subject.*` */
  on: string[]
  enabled: boolean
  [setting: string]: unknown
}

const matches = (pattern: string, name: string) =>
  pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1)))

const shared = {
  on: z
    .array(
      z.string().refine((pattern) => offeredNames.some((name) => matches(pattern, name)), {
        error: ({ input }) => {
          const hint = nearest(String(input), offeredNames)
          return `channels are told of no event ${String(input)}${hint ? `; did you mean ${hint}?` : ''}`
        },
      }),
    )
    .min(1)
    .default([...defaultEvents])
    .meta({ description: 'names of events, or alert.* for all of a kind' }),
  enabled: z.boolean().default(true),
}

/** The schema of `channels.<name>` in kedge.yaml: one form for each kind. */
export const channelSpec = (kinds: readonly Channel[]): z.ZodType<ChannelSpec> =>
  z.discriminatedUnion(
    'kind',
    kinds.map((kind) => (kind.settings as unknown as z.ZodObject).extend(shared)) as never,
  ) as unknown as z.ZodType<ChannelSpec>

/** Whether a channel that listens to these gets an event with these names. */
export const listens = (on: readonly string[], names: readonly string[]): boolean =>
  on.some((pattern) => names.some((name) => matches(pattern, name)))

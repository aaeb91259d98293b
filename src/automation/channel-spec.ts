import { z } from 'zod'
import type { Channel } from '../contracts/channel.ts'

/** Which events a channel gets when it does not say: what a person should know of. */
export const defaultEvents = [
  'alert.opened',
  'alert.closed',
  'rule.tripped',
  'gate.failed',
  'release.finished',
  'release.rolled_back',
  'pipeline_run.failed',
] as const

export interface ChannelSpec {
  kind: string
  /** kinds of events: exact, or `subject.*` */
  on: string[]
  enabled: boolean
  [setting: string]: unknown
}

const shared = {
  on: z
    .array(z.string().regex(/^[a-z_]+\.([a-z_]+|\*)$/, 'is a kind of event such as alert.opened, or alert.*'))
    .min(1)
    .default([...defaultEvents]),
  enabled: z.boolean().default(true),
}

/** The schema of `channels.<name>` in kedge.yaml: one form for each kind. */
export const channelSpec = (kinds: readonly Channel[]): z.ZodType<ChannelSpec> =>
  z.discriminatedUnion(
    'kind',
    kinds.map((kind) => (kind.settings as unknown as z.ZodObject).extend(shared)) as never,
  ) as unknown as z.ZodType<ChannelSpec>

/** Whether a channel that listens `on` these gets an event of this kind. */
export const listens = (on: readonly string[], type: string): boolean =>
  on.some((pattern) => pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))))

import type { z } from 'zod'

/** One event on its way out of Kedge. */
export interface ChannelMessage {
  /** the same at every try, so that the receiver can drop what it has already had */
  deliveryId: string
  /** milliseconds since 1970, of this try */
  time: number
  project: string
  channel: string
  event: { id: number; time: number; type: string; subject: string; actor: string; cause: number | null; data: unknown }
}

/** What a channel may use of the world. */
export interface ChannelEnvironment {
  /** absolute path of a folder for local files */
  folder: string
  /** The address behind a host name after the guard against private addresses. Errors: `address_guarded`. */
  checkedHost(host: string): Promise<string>
  /** what the receiver shares with Kedge, if the channel has one */
  secret: string | undefined
  signal: AbortSignal
}

/** What became of a try: taken, or not, and whether trying again can help. */
export interface DeliveryOutcome {
  delivered: boolean
  /** HTTP's status or the like */
  status?: number
  /** why it was not taken; no secret in it */
  reason?: string
  /** false: no later try can succeed */
  again?: boolean
}

export interface Channel<Settings = never> {
  /** `kind:` of a channel */
  kind: string
  title: string
  /** an object schema with `kind: z.literal(…)` */
  settings: z.ZodType<Settings>
  /** Hands one message over; it may come again after a crash. A refusal is an outcome, not an error. */
  deliver(message: ChannelMessage, settings: Settings, environment: ChannelEnvironment): Promise<DeliveryOutcome>
}

/** Declares a kind of channel: one file in `adapters/channels`. */
export const defineChannel = <Settings>(channel: Channel<Settings>): Channel<Settings> => channel

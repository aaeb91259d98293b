import type { z } from 'zod'
import type { SecretReference } from './source.ts'

/** One event on its way out of Kedge. */
export interface ChannelMessage {
  /** the same at every try, so that the receiver can drop what it has already had */
  deliveryId: string
  /** milliseconds since 1970, of this try */
  time: number
  project: string
  channel: string
  event: {
    /** position in the journal; null for a test */
    id: number | null
    time: number
    type: string
    subject: string
    actor: string
    cause: number | null
    data: unknown
  }
}

/** What a channel may use of the world. */
export interface ChannelEnvironment {
  /** absolute path of a folder for local files */
  folder: string
  /** The address of a host after the guard: an IP that was checked, so that a name cannot be rebound in between. */
  checkedHost(host: string): Promise<string>
  /** The value behind a reference. Errors: `not_found`. */
  secret(reference: SecretReference): Promise<string>
  signal: AbortSignal
}

/** What became of a try. */
export interface DeliveryOutcome {
  delivered: boolean
  /** HTTP's status or the like */
  status?: number
  /** why it was not taken; no secret in it */
  reason?: string
  /** the first characters of what the receiver answered */
  answer?: string
  /** false: no later try can succeed */
  again?: boolean
}

export interface Channel<Settings = unknown> {
  /** `kind:` of a channel */
  kind: string
  title: string
  /** an object schema with `kind: z.literal(…)` */
  settings: z.ZodType<Settings>
  /** Hands one message over; it may come again after a crash. That it is not taken is an outcome, not an error. */
  deliver(message: ChannelMessage, settings: Settings, environment: ChannelEnvironment): Promise<DeliveryOutcome>
}

/** Declares a kind of channel: one file in `adapters/channels`. */
export const defineChannel = <Settings>(channel: Channel<Settings>): Channel<Settings> => channel

import type { z } from 'zod'

/** A row as it is in a payload: values of any kind; large whole numbers as bigint, bytes as Uint8Array. */
export type PayloadRow = Record<string, unknown>

/** What a decoder may know of a message besides its bytes. */
export interface PayloadMessage {
  payload: Uint8Array
  /** topic of the message; empty where there is none */
  topic: string
}

export interface PayloadDecoder {
  /** The rows of one message. Throws an Error whose message says, in a few words, what is wrong with the bytes. */
  decode(message: PayloadMessage): PayloadRow[]
  /** What a later decoder must know to go on, as JSON; absent where every message stands alone. */
  memory?(): unknown
}

export interface PayloadDefinition<Config = unknown> {
  /** `format:` of a payload in kedge.yaml */
  format: string
  title: string
  /** an object schema with `format: z.literal(…)` */
  config: z.ZodType<Config>
  /** Errors: `invalid_input` when the declared schema cannot be read. `memory`: what an earlier decoder knew. */
  open(config: Config, memory?: unknown): PayloadDecoder
}

/** Declares a form of payloads: one file in `adapters/payloads`. */
export const definePayload = <Config>(definition: PayloadDefinition<Config>): PayloadDefinition =>
  definition as PayloadDefinition

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

type Source = { source?: string }
/** Whole numbers that a double would round stay as they were sent. */
const exact = (_key: string, value: unknown, context?: Source) =>
  typeof value === 'number' && context?.source && /^-?\d+$/.test(context.source) && !Number.isSafeInteger(value)
    ? BigInt(context.source)
    : value

/** Whether there is a number that may have been rounded. */
function isRounded(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value)
  if (typeof value !== 'object' || value === null) return false
  for (const key in value) if (isRounded((value as Record<string, unknown>)[key])) return true
  return false
}

/** Parses JSON; whole numbers that a double would round are bigints. Errors: a SyntaxError. */
export function parseExact(text: string): unknown {
  const value = JSON.parse(text) as unknown
  return isRounded(value) ? (JSON.parse(text, exact as never) as unknown) : value
}

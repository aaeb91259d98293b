import { asKedgeError, type KedgeError } from '../../errors.ts'
import type { ServedEndpoint } from './served-endpoint.ts'

type Personal = Pick<ServedEndpoint, 'personal'>

/** Whether a request may hold values that must not be told. */
export const hasPersonal = ({ personal }: Personal) => Object.keys(personal).length > 0

/** Models and parsers quote what they choke on, in whatever way. */
const mayQuote = ({ class: kind, code }: KedgeError) =>
  kind === 'invalid' || kind === 'unsupported' || kind === 'internal' || code === 'prediction_failed'

/** What is kept of an error beside a request: never a value that the caller sent. */
export function keptMessage(endpoint: Personal, error: KedgeError): string {
  if (!hasPersonal(endpoint) || !mayQuote(error)) return withoutValues(error.message)
  const { where } = error.places[0] ?? {}
  const feature = Object.keys(endpoint.personal).find((name) => where?.endsWith(`.${name}`))
  return `not kept, because the endpoint has personal columns${feature ? `: ${feature} is at fault` : ''}`
}

/** What the log says of an error: all of it, or where it may quote a personal value its code. */
export const loggedError = (endpoint: Personal, error: unknown) =>
  hasPersonal(endpoint) && mayQuote(asKedgeError(error)) ? { code: asKedgeError(error).code } : { err: error }

/** Parsers quote what they choke on: that may be anything that a caller sent. */
const withoutValues = (message: string) =>
  message
    .replace(/"(?:[^"]|"(?=[^\s,.;:)]))*("|$)/g, '"…"')
    .replace(/'[^']*('|$)/g, "'…'")
    .slice(0, 300)

import type { ServerResponse } from 'node:http'
import { constants, Http2ServerResponse } from 'node:http2'
import { asKedgeError, type KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { httpStatus } from '../http-status.ts'
import { sendJson, sendText } from './http-exchange.ts'

/** Whose form of errors a request gets. */
export type ErrorForm = 'kedge' | 'v2' | 'mlflow'

/** Answers with the error in the protocol's own form. What is unsupported is the caller's to change: 4xx. */
export function refuse(response: ServerResponse, form: ErrorForm, thrown: unknown, log: Logger): void {
  const error = asKedgeError(thrown)
  if (error.class === 'internal') log.error({ err: thrown }, 'a prediction failed inside Kedge')
  if (response.headersSent || response.destroyed) {
    endNow(response)
    return
  }
  const status = statusOf(error)
  if (status === 429 || status === 503) response.setHeader('retry-after', String(error.details.retryAfter ?? 1))
  if (form === 'v2') sendJson(response, status, { error: error.withTodo() })
  else if (form === 'mlflow')
    if (status === 415) sendText(response, status, error.withTodo(), 'text/plain')
    else sendJson(response, status, { error_code: mlflowCode(status), message: error.withTodo() })
  else sendJson(response, status, { error: error.toJSON() })
}

/** Ends an exchange without an answer, or in the middle of one. */
export function endNow(response: ServerResponse): void {
  const { stream } = response as unknown as Http2ServerResponse
  if (response instanceof Http2ServerResponse) stream?.close(constants.NGHTTP2_CANCEL)
  else response.destroy()
}

function statusOf(error: KedgeError): number {
  if (error.code === 'deadline_passed') return 504
  if (error.class === 'unsupported')
    return /^The (content type|content encoding|charset)/.test(error.message) ? 415 : 400
  return httpStatus[error.class]
}

const mlflowCode = (status: number) =>
  status === 404
    ? 'RESOURCE_DOES_NOT_EXIST'
    : status === 401
      ? 'UNAUTHENTICATED'
      : status === 403
        ? 'PERMISSION_DENIED'
        : status === 429 || status === 503 || status === 504
          ? 'TEMPORARILY_UNAVAILABLE'
          : status >= 500
            ? 'INTERNAL_ERROR'
            : 'BAD_REQUEST'

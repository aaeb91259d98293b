import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { asKedgeError, type ErrorClass, KedgeError } from '../../errors.ts'

/** MLflow's code and status for each class of error. Its client repeats 408, 429 and 5xx but 501: a caller's mistake is never one of them. */
const forms: Record<ErrorClass, { status: number; code: string }> = {
  invalid: { status: 400, code: 'INVALID_PARAMETER_VALUE' },
  unauthenticated: { status: 401, code: 'UNAUTHENTICATED' },
  forbidden: { status: 403, code: 'PERMISSION_DENIED' },
  not_found: { status: 404, code: 'RESOURCE_DOES_NOT_EXIST' },
  conflict: { status: 400, code: 'INVALID_PARAMETER_VALUE' },
  too_large: { status: 413, code: 'INVALID_PARAMETER_VALUE' },
  unsupported: { status: 501, code: 'NOT_IMPLEMENTED' },
  overloaded: { status: 429, code: 'RESOURCE_EXHAUSTED' },
  unavailable: { status: 503, code: 'TEMPORARILY_UNAVAILABLE' },
  internal: { status: 500, code: 'INTERNAL_ERROR' },
}

/** An error in MLflow's form: `{"error_code", "message"}`; the message says also what to do. */
export function mlflowError(error: KedgeError): { status: number; body: { error_code: string; message: string } } {
  const form = error.code === 'already_exists' ? { status: 400, code: 'RESOURCE_ALREADY_EXISTS' } : forms[error.class]
  return { status: form.status, body: { error_code: form.code, message: error.withTodo() } }
}

/** Answers with an error in MLflow's form, and with its code. */
export function sendMlflowError(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const error = known(thrown)
  if (error.class === 'internal')
    request.log.error({ err: error.cause, id: request.id, url: request.url }, 'a request failed inside Kedge')
  const { status, body } = mlflowError(error)
  if (status === 429 || status === 503) reply.header('retry-after', '1')
  if (status === 413) reply.removeHeader('connection')
  reply.status(status).type('application/json').send(body)
}

function known(error: FastifyError): KedgeError {
  if (error instanceof KedgeError) return error
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new KedgeError('too_large', { what: 'The body', limit: 'this request' }, { cause: error })
  if (
    error.code?.startsWith('FST_ERR_CTP') ||
    (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
  )
    return new KedgeError('invalid_input', { what: error.message }, { cause: error })
  return asKedgeError(error)
}

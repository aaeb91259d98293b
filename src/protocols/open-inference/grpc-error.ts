import { Metadata, status } from '@grpc/grpc-js'
import { asKedgeError, type ErrorClass, type ErrorCode } from '../../errors.ts'
import type { Logger } from '../../log.ts'

const byClass: Record<ErrorClass, status> = {
  invalid: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  not_found: status.NOT_FOUND,
  conflict: status.FAILED_PRECONDITION,
  too_large: status.INVALID_ARGUMENT,
  unsupported: status.UNIMPLEMENTED,
  overloaded: status.UNAVAILABLE,
  unavailable: status.UNAVAILABLE,
  internal: status.INTERNAL,
}
const byCode: Partial<Record<ErrorCode, status>> = {
  deadline_passed: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  rate_limited: status.RESOURCE_EXHAUSTED,
}

/** gRPC's status for whatever was thrown; what is overloaded says when to come again, as gRPC's clients read it. */
export function grpcError(thrown: unknown, log: Logger): { code: status; details: string; metadata?: Metadata } {
  const error = asKedgeError(thrown)
  if (error.class === 'internal') log.error({ err: thrown }, 'a prediction failed inside Kedge')
  const answer = { code: byCode[error.code] ?? byClass[error.class], details: error.message }
  if (error.class !== 'overloaded') return answer
  const metadata = new Metadata()
  metadata.set('grpc-retry-pushback-ms', String(Math.ceil(Number(error.details.retryAfter ?? 1) * 1000)))
  return { ...answer, metadata }
}

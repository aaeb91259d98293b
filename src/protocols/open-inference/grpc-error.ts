import { asKedgeError, type ErrorClass, type ErrorCode } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { type GrpcFailure, status } from '../grpc/status.ts'

const byClass: Record<ErrorClass, number> = {
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
const byCode: Partial<Record<ErrorCode, number>> = {
  deadline_passed: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  rate_limited: status.RESOURCE_EXHAUSTED,
}

/** gRPC's status for whatever was thrown; what is overloaded says when to come again, as gRPC's clients read it. */
export function grpcError(thrown: unknown, log: Logger): GrpcFailure {
  const error = asKedgeError(thrown)
  if (error.class === 'internal') log.error({ err: thrown }, 'a prediction failed inside Kedge')
  const answer = { code: byCode[error.code] ?? byClass[error.class], details: error.message }
  if (error.class !== 'overloaded') return answer
  const milliseconds = Math.ceil(Number(error.details.retryAfter ?? 1) * 1000)
  return { ...answer, metadata: { 'grpc-retry-pushback-ms': String(milliseconds) } }
}

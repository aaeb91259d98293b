import type { ErrorClass } from '../errors.ts'

/** HTTP's status for each class of error. */
export const httpStatus: Record<ErrorClass, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 501,
  overloaded: 429,
  unavailable: 503,
  internal: 500,
}

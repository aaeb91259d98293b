import { asKedgeError } from '../errors.ts'
import type { Logger } from '../log.ts'

/** Says once that something fails, and once that it goes on, however often it is tried meanwhile. */
export function createFailureLog(log: Logger, of: object) {
  let failing: string | undefined
  return {
    failed(error: unknown, message: string, details: object = {}): void {
      const known = asKedgeError(error)
      const inside = known.class === 'internal'
      const text = inside ? String(error) : known.message
      if (text === failing) return
      failing = text
      // a stack says something only where the fault is Kedge's
      log.error({ ...of, ...details, ...(inside ? { err: error } : { error: text }) }, message)
    },
    succeeded(): void {
      if (failing === undefined) return
      log.info({ ...of, after: failing }, 'it goes on')
      failing = undefined
    },
  }
}

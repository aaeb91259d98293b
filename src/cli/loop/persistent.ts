import { setTimeout as pause } from 'node:timers/promises'
import { asKedgeError } from '../../errors.ts'

/**
 * Calls again while the server is away or overloaded, for at most `patience` milliseconds: what a client does whose
 * requests may be repeated.
 */
export async function persistent<T>(call: () => Promise<T>, signal: AbortSignal, patience = 120_000): Promise<T> {
  const deadline = Date.now() + patience
  for (let wait = 50; ; wait = Math.min(wait * 2, 1000)) {
    try {
      return await call()
    } catch (error) {
      const known = asKedgeError(error)
      const again = known.class === 'unavailable' || known.class === 'overloaded' || known.class === 'internal'
      if (!again || Date.now() > deadline || signal.aborted) throw error
    }
    await pause(wait, undefined, { signal })
  }
}

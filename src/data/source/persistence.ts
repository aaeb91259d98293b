import { setTimeout as pause } from 'node:timers/promises'
import { KedgeError } from '../../errors.ts'

/** Pauses between attempts, in milliseconds. */
export const usualPauses: readonly number[] = [100, 500, 2000]

/** Does something again after each pause while it ends with `source_unreachable`. */
export async function persistent<T>(
  work: () => Promise<T>,
  pauses: readonly number[] = usualPauses,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt++)
    try {
      return await work()
    } catch (error) {
      const again = error instanceof KedgeError && error.code === 'source_unreachable' && attempt < pauses.length
      if (!again) throw error
      await pause(pauses[attempt], undefined, signal ? { signal } : {}).catch(() => {
        throw new KedgeError('cancelled', { what: 'The download' })
      })
    }
}

import { readFileSync } from 'node:fs'

/**
 * Milliseconds that this thread was ready but had to wait for a processor, since it began (Linux: `schedstat`); undefined
 * where the system does not tell.
 */
export function threadWait(): number | undefined {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[1]) / 1e6
  } catch {
    return undefined
  }
}

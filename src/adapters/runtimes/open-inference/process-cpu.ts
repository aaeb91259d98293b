import { readFileSync } from 'node:fs'

/** of the kernel's counts of time, in microseconds; the same on every Linux that is in use */
const tick = 10_000

/** Processor time of a process and of the children that it waited for, in microseconds; undefined where the system does not tell. */
export function processCpu(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the name, in parentheses, may hold anything
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * tick, 0)
  } catch {
    return undefined
  }
}

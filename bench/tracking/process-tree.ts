import { readdirSync, readFileSync } from 'node:fs'

/** A process of this machine and everything that it has started. */
export function processTree(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, rest] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')
        return [[Number(name), Number(rest!.split(' ')[1])] as const]
      } catch {
        return []
      }
    })
  const found = [pid]
  for (const parent of found) found.push(...parents.filter(([, of]) => of === parent).map(([child]) => child))
  return found
}

/** Memory of a tree in MiB: as each process counts it (shared pages several times), and with shared pages counted once. */
export function memoryOf(pid: number): { processes: number; resident: number; proportional: number } {
  const pids = processTree(pid)
  const sum = (name: string) =>
    pids.reduce((total, one) => {
      try {
        const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))
        return total + Number(found?.[1] ?? 0) / 1024
      } catch {
        return total
      }
    }, 0)
  return { processes: pids.length, resident: sum('Rss'), proportional: sum('Pss') }
}

/** Stops every process of a tree where it is, or lets them go on, so that a server that waits takes no processor time. */
export function signalTree(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const one of processTree(pid)) {
    try {
      process.kill(one, signal)
    } catch {
      // it has ended
    }
  }
}

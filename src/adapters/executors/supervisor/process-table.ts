import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessEntry {
  pid: number
  parent: number
  group: number
  session: number
  /** seconds, its own and of children it has waited for */
  cpuSeconds: number
  /** in clock ticks since the machine's start: tells a process from a later one with the same number */
  startedAt: number
  /** bytes; shared pages are counted in each process */
  residentBytes: number
  zombie: boolean
}

const ticksPerSecond = 100
const pageBytes = 4096

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/** The entry of one process, from Linux's /proc; undefined when it has gone. */
export function readProcess(pid: number): ProcessEntry | undefined {
  const text = readText(`/proc/${pid}/stat`)
  if (!text) return undefined
  // the name, in brackets, may hold spaces and brackets
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const at = (index: number) => Number(fields[index - 3])
  return {
    pid,
    parent: at(4),
    group: at(5),
    session: at(6),
    cpuSeconds: (at(14) + at(15) + at(16) + at(17)) / ticksPerSecond,
    startedAt: at(22),
    residentBytes: at(24) * pageBytes,
    zombie: fields[0] === 'Z',
  }
}

/** Every process of the machine that can be seen; empty where there is no /proc. */
export function listProcesses(): ProcessEntry[] {
  let names: string[]
  try {
    names = readdirSync('/proc')
  } catch {
    return []
  }
  return names.flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []))
}

/** Whether the process was started with `variable=value` in its environment; false when that cannot be read. */
export const hasVariable = (pid: number, variable: string, value: string): boolean =>
  readText(`/proc/${pid}/environ`)
    ?.split('\0')
    .includes(Buffer.from(`${variable}=${value}`).toString('latin1')) ?? false

/** The words of a process's command line; none when it is gone. */
export const commandLine = (pid: number): string[] => readText(`/proc/${pid}/cmdline`)?.split('\0') ?? []

/** Bytes with shared pages divided among those that share them; undefined when that cannot be read. */
export function proportionalBytes(pid: number): number | undefined {
  const found = /^Pss:\s+(\d+) kB/m.exec(readText(`/proc/${pid}/smaps_rollup`) ?? '')
  return found ? Number(found[1]) * 1024 : undefined
}

/** How often the kernel has ended a process for want of memory since the machine's start. */
export const kernelMemoryKills = (): number => Number(/^oom_kill (\d+)/m.exec(readText('/proc/vmstat') ?? '')?.[1] ?? 0)

/** Numbers of the processors that this process may run on. */
export function allowedProcessors(): number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)/m.exec(readText('/proc/self/status') ?? '')?.[1]
  return (list ?? '').split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return first === undefined || Number.isNaN(first)
      ? []
      : Array.from({ length: last! - first + 1 }, (_, i) => first + i)
  })
}

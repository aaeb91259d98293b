import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { StepLimits } from '../../contracts/executor.ts'
import { allowedProcessors } from './supervisor/process-table.ts'

const run = promisify(execFile)
const found = new Map<string, Promise<boolean>>()

/** Whether a program can be run here; asked once. */
export function isInstalled(program: string): Promise<boolean> {
  let answer = found.get(program)
  if (!answer) {
    answer = run(program, ['--version']).then(
      () => true,
      () => false,
    )
    found.set(program, answer)
  }
  return answer
}

/** `sh -c command` behind what the machine has to limit it: processors, sizes of data and core files. */
export async function limitedCommand(command: string, limits: StepLimits): Promise<string[]> {
  const argv: string[] = []
  const processors = allowedProcessors()
  if (limits.cpus < processors.length && (await isInstalled('taskset'))) {
    // not always the first ones, so that steps beside each other spread
    const first = Math.floor(Math.random() * processors.length)
    const chosen = Array.from({ length: limits.cpus }, (_, i) => processors[(first + i) % processors.length])
    argv.push('taskset', '-c', chosen.join(','))
  }
  // the memory limit proper is watched over all processes; this stops one that asks for far more at once
  if (await isInstalled('prlimit')) argv.push('prlimit', '--core=0', `--data=${limits.memoryBytes * 2 + 2 ** 30}`)
  return [...argv, 'sh', '-c', command]
}

/** Thread counts for the numeric libraries that would otherwise take the machine's processors. */
export const threadLimits = (cpus: number): Record<string, string> =>
  Object.fromEntries(
    [
      'OMP_NUM_THREADS',
      'OPENBLAS_NUM_THREADS',
      'MKL_NUM_THREADS',
      'NUMEXPR_NUM_THREADS',
      'POLARS_MAX_THREADS',
      'LOKY_MAX_CPU_COUNT',
    ].map((name) => [name, String(cpus)]),
  )

/** In front of a command: the kernel ends it when the process that watches it dies. */
export const diesWithParent = async (): Promise<string[]> =>
  (await isInstalled('setpriv')) ? ['setpriv', '--pdeathsig', 'KILL', '--'] : []

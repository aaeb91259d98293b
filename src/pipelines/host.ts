import { execFile } from 'node:child_process'
import { cpus, hostname, totalmem } from 'node:os'
import { promisify } from 'node:util'

/** The machine that a step runs on. */
export interface Host {
  name: string
  /** `linux x64` */
  platform: string
  cpus: number
  cpuModel: string | null
  memoryBytes: number
  /** names of GPUs, as the driver says them */
  gpus: string[]
}

const run = promisify(execFile)
let known: Promise<Host> | undefined

/** Looks once: a machine stays the same as long as a process lives. */
export function hostFacts(): Promise<Host> {
  known ??= look()
  return known
}

async function look(): Promise<Host> {
  const own = cpus()
  return {
    name: hostname(),
    platform: `${process.platform} ${process.arch}`,
    cpus: own.length,
    cpuModel: own[0]?.model.trim() || null,
    memoryBytes: totalmem(),
    gpus: await gpuNames(),
  }
}

/** None where the driver's tool is not there or does not answer. */
const gpuNames = () =>
  run('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], { timeout: 3000 }).then(
    ({ stdout }) =>
      stdout
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
    () => [],
  )

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RunOptions, StepCommand, StepOutcome } from '../../contracts/executor.ts'
import { type SupervisorPlan, type SupervisorReport, stepMarker } from './supervisor/plan.ts'
import { endLeftovers } from './supervisor/step-processes.ts'

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const supervisorFile = fileURLToPath(new URL(`./supervisor/supervisor-process${extension}`, import.meta.url))

/** Runs `argv` for a step under a supervisor of its own; see `Executor.run`. */
export function runSupervised(
  step: StepCommand,
  argv: string[],
  options: RunOptions,
  extra: Partial<SupervisorPlan> = {},
): Promise<StepOutcome> {
  const started = performance.now()
  const plan: SupervisorPlan = {
    name: step.name,
    argv,
    folder: step.folder,
    // of what steps often use, what would report to its maker by itself
    env: { ORT_DISABLE_TELEMETRY: '1', ...step.env, [stepMarker]: step.name },
    limits: step.limits,
    ...extra,
  }
  const notRun = { cpuSeconds: 0, wallSeconds: 0, maxMemoryBytes: 0 }
  if (options.signal.aborted) return Promise.resolve({ exitCode: null, reason: 'cancelled', usage: notRun })
  return new Promise((resolve, reject) => {
    const supervisor = spawn(process.execPath, ['--max-old-space-size=128', supervisorFile], {
      cwd: step.folder,
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'],
    })
    const stdin = supervisor.stdin!
    const [, , stderr, output, report] = supervisor.stdio as unknown as NodeJS.ReadableStream[]
    let said = ''
    let complaint = ''
    output!.on('data', options.onOutput)
    report!.on('data', (chunk: Buffer) => {
      said += chunk
    })
    stderr!.on('data', (chunk: Buffer) => {
      complaint = `${complaint}${chunk}`.slice(-2000)
    })
    const cancel = () => stdin.write('stop\n')
    stdin.on('error', () => {})
    supervisor.on('error', reject)
    supervisor.on('close', async () => {
      options.signal.removeEventListener('abort', cancel)
      if (said.endsWith('\n')) return resolve((JSON.parse(said) as SupervisorReport).outcome)
      await endLeftovers(step.name)
      const wallSeconds = Math.round(performance.now() - started) / 1000
      if (options.signal.aborted)
        return resolve({ exitCode: null, reason: 'cancelled', usage: { ...notRun, wallSeconds } })
      if (complaint) options.onOutput(Buffer.from(`[kedge] what watches the step failed: ${complaint}\n`))
      resolve({ exitCode: null, reason: 'lost', usage: { ...notRun, wallSeconds } })
    })
    stdin.write(`${JSON.stringify(plan)}\n`)
    options.signal.addEventListener('abort', cancel, { once: true })
  })
}

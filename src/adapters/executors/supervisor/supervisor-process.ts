// A process between Kedge and a step: it enforces the step's limits and ends the step when Kedge has gone. It is a
// process of its own so that a step cannot outlive Kedge, and so that watching it costs Kedge's event loop nothing.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect, createServer, Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { StepReason } from '../../../contracts/executor.ts'
import { cappedOutput } from './capped-output.ts'
import type { SupervisorPlan, SupervisorReport } from './plan.ts'
import { commandLine, kernelMemoryKills, type ProcessEntry, proportionalBytes, readProcess } from './process-table.ts'
import { endLeftovers, stepProcesses } from './step-processes.ts'

const pollInterval = 40
const thoroughEvery = 6
/** A step that could not get memory often says so and ends by itself. */
const memoryWords = /MemoryError|std::bad_alloc|Cannot allocate memory|out of memory/i

const output = new Socket({ fd: 3, writable: true })
const report = new Socket({ fd: 4, writable: true })
// when Kedge has gone nobody reads them
output.on('error', () => {})
report.on('error', () => {})

const input = createInterface({ input: process.stdin })
let endEarly: (reason: StepReason) => void = () => process.exit(1)
input.once('line', (line) => {
  input.on('line', () => endEarly('cancelled'))
  void supervise(JSON.parse(line) as SupervisorPlan)
})
input.on('close', () => endEarly('lost'))

async function supervise(plan: SupervisorPlan) {
  await endLeftovers(plan.name)
  if (plan.forward) await forward(plan.forward.socket, plan.forward.port)
  const killsBefore = kernelMemoryKills()
  const started = process.hrtime.bigint()
  const child = spawn(plan.argv[0]!, plan.argv.slice(1), {
    cwd: plan.folder,
    env: plan.env,
    // a session, and with it a group, of its own
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const capped = cappedOutput(plan.limits.outputBytes, (chunk) => output.write(chunk))
  child.stdout.on('data', capped.write)
  child.stderr.on('data', capped.write)

  let early: StepReason | undefined
  let maxMemoryBytes = 0
  let pollCpu = 0
  const processes = stepProcesses(plan.name, child.pid, new Set([process.pid]))
  endEarly = (reason) => {
    early ??= reason
    void processes.end()
  }
  if (child.pid !== undefined) preferAsVictim(child.pid)
  let own: number | undefined
  const isOwn = (entry: ProcessEntry) => {
    if (plan.ownFile === undefined) return false
    if (own === undefined && commandLine(entry.pid).includes(plan.ownFile)) own = entry.pid
    return own === entry.pid
  }
  let polls = 0
  const poll = setInterval(() => {
    const alive = processes
      .alive(polls++ % thoroughEvery === 0 || polls < thoroughEvery)
      .filter((entry) => !isOwn(entry))
    pollCpu = Math.max(
      pollCpu,
      total(alive, (entry) => entry.cpuSeconds),
    )
    let memory = total(alive, (entry) => entry.residentBytes)
    // forked processes share pages, so before judging each page is counted once; twice, because some may end meanwhile
    for (let look = 0; look < 2 && memory > plan.limits.memoryBytes; look++) memory = total(alive, ownBytes)
    maxMemoryBytes = Math.max(maxMemoryBytes, memory)
    if (memory > plan.limits.memoryBytes) endEarly('memory')
  }, pollInterval)
  const timeout = setTimeout(() => endEarly('timeout'), Math.min(plan.limits.timeoutMs, 2 ** 31 - 1))

  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('error', () => resolve([127, null]))
    child.on('exit', (exitCode, exitSignal) => resolve([exitCode, exitSignal]))
  })
  clearInterval(poll)
  clearTimeout(timeout)
  // what it has left running holds the pipes open, and must not outlive it
  await processes.end()
  await Promise.all([drained(child.stdout), drained(child.stderr)])
  const words = capped.tail().toString('latin1')
  capped.end()

  const killed = signal !== null || (code !== null && code > 128 && code <= 128 + 64)
  const outcome: SupervisorReport['outcome'] = {
    exitCode: early === undefined && signal === null ? code : null,
    reason: early ?? endReason(),
    usage: {
      cpuSeconds: round(Math.max(pollCpu, ownChildrenSeconds())),
      wallSeconds: round(Number(process.hrtime.bigint() - started) / 1e9),
      maxMemoryBytes,
    },
  }
  function endReason(): StepReason {
    const wantedMemory = kernelMemoryKills() > killsBefore && (signal === 'SIGKILL' || code === 137)
    if (wantedMemory || (code !== 0 && memoryWords.test(words))) return 'memory'
    if (killed) return 'signal'
    return code === 127 || code === 126 ? 'missing' : 'exit'
  }
  await new Promise<void>((done) => output.end(done))
  const line = `${JSON.stringify({ outcome } satisfies SupervisorReport)}\n`
  await new Promise<void>((done) => report.end(line, done))
  process.exit(0)
}

const total = (entries: ProcessEntry[], value: (entry: ProcessEntry) => number) =>
  entries.reduce((sum, entry) => sum + value(entry), 0)
/** Bytes of a process with shared pages divided among those that share them; nothing when it is ending. */
const ownBytes = ({ pid }: ProcessEntry) => proportionalBytes(pid) ?? readProcess(pid)?.residentBytes ?? 0
const round = (seconds: number) => Math.round(seconds * 1000) / 1000

/** Of all that this process has waited for: exact, but only known when they have ended. */
function ownChildrenSeconds(): number {
  const own = readProcess(process.pid)
  const usage = process.resourceUsage()
  return own ? Math.max(own.cpuSeconds - (usage.userCPUTime + usage.systemCPUTime) / 1e6, 0) : 0
}

function drained(stream: NodeJS.ReadableStream & { readonly readableEnded: boolean }): Promise<void> {
  return new Promise((resolve) => {
    if (stream.readableEnded) return resolve()
    stream.once('close', () => resolve())
    stream.once('end', () => resolve())
    setTimeout(resolve, 2000).unref()
  })
}

/** When the machine runs out of memory the step goes, not Kedge. */
function preferAsVictim(pid: number) {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '800')
  } catch {
    // only Linux has it
  }
}

/** Connections to the socket reach a port of this machine, and nothing else does from a place without a network. */
function forward(socket: string, port: number): Promise<void> {
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1')
    from.on('error', () => to.destroy())
    to.on('error', () => from.destroy())
    from.pipe(to).pipe(from)
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(socket, resolve)
  })
}

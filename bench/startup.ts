/** Time from the process's start to the first answer of /health, and the memory of all processes of an idle server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../src/cli/loop/free-ports.ts'

const runs = Number(process.argv[2] ?? 7)
const root = join(import.meta.dirname, '..')
const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-'))

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok
  } catch {
    return false
  }
}

/** Processes of this machine by parent. */
function tree(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [
          [Number(name), Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]!.split(' ')[1])] as const,
        ]
      } catch {
        return []
      }
    })
  const found = [pid]
  for (const parent of found) found.push(...parents.filter(([, of]) => of === parent).map(([child]) => child))
  return found
}

/** Proportional set size, MiB: memory that processes share is counted once. */
const memory = (pid: number) =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024

const times: { health: number; predictions: number; memory: number }[] = []
for (let run = 0; run <= runs; run++) {
  const [port, inferencePort, grpcPort] = await freePorts(3)
  const start = performance.now()
  const child = spawn(
    process.execPath,
    [
      join(root, 'bin/kedge.mjs'),
      'serve',
      '--port',
      `${port}`,
      '--inference-port',
      `${inferencePort}`,
      '--grpc-port',
      `${grpcPort}`,
      '--data',
      join(directory, 'data'),
    ],
    { stdio: 'ignore' },
  )
  while (!(await answers(port!))) await new Promise((done) => setTimeout(done, 5))
  const health = performance.now() - start
  while (!(await answers(inferencePort!))) await new Promise((done) => setTimeout(done, 5))
  const predictions = performance.now() - start
  await new Promise((done) => setTimeout(done, 3000))
  const idle = tree(child.pid!).reduce((sum, pid) => sum + memory(pid), 0)
  child.kill('SIGTERM')
  await once(child, 'exit')
  // the first run makes the data directory and is not counted
  if (run > 0) times.push({ health, predictions, memory: idle })
}
rmSync(directory, { recursive: true, force: true })

const median = (key: keyof (typeof times)[number]) =>
  times.map((time) => time[key]).sort((a, b) => a - b)[Math.floor(times.length / 2)]!
console.log(`| what | median of ${runs} |
|---|---|
| start to /health, ms | ${median('health').toFixed(0)} |
| start to predictions served, ms | ${median('predictions').toFixed(0)} |
| memory of all processes after 3 s idle (proportional), MiB | ${median('memory').toFixed(0)} |`)

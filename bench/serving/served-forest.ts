import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePorts } from '../../src/cli/loop/free-ports.ts'

/** A model server that runs. */
export interface Served {
  pid: number
  host: string
  http: number
  grpc: number
  /** milliseconds from its start until the model was ready */
  start: number
  /** proportional set size of all its processes, MiB */
  memory(): number
  stop(): Promise<void>
}

const root = join(import.meta.dirname, '../..')
const host = '127.0.0.1'
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds))

async function started(
  command: string,
  args: string[],
  options: { cwd: string; env?: Record<string, string>; log: string; http: number; grpc: number; ready: string },
): Promise<Served> {
  const log = openSync(options.log, 'a')
  const begin = performance.now()
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  const ready = () =>
    fetch(`http://${host}:${options.http}${options.ready}`).then(
      (answer) => answer.ok,
      () => false,
    )
  while (!(await ready())) {
    if (child.exitCode !== null || performance.now() - begin > 90_000) {
      await end(child)
      throw new Error(`${command} is not ready: ${readFileSync(options.log, 'utf8').slice(-1500)}`)
    }
    await pause(10)
  }
  return {
    pid: child.pid!,
    host,
    http: options.http,
    grpc: options.grpc,
    start: performance.now() - begin,
    memory: () => tree(child.pid!).reduce((sum, pid) => sum + memoryOf(pid), 0),
    stop: () => end(child),
  }
}

async function end(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  const group = (signal: NodeJS.Signals) => {
    try {
      process.kill(-child.pid!, signal)
    } catch {
      // all of it is gone
    }
  }
  child.kill('SIGTERM')
  const late = setTimeout(() => group('SIGKILL'), 5000)
  await gone
  clearTimeout(late)
  group('SIGKILL')
}

/** A process and all that come from it. */
function tree(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        return [[Number(name), Number(stat.split(') ')[1]!.split(' ')[1])] as const]
      } catch {
        return []
      }
    })
  const found = [pid]
  for (const parent of found) found.push(...parents.filter(([, of]) => of === parent).map(([child]) => child))
  return found
}

/** Proportional set size of a process, MiB; 0 when it is gone. */
export function memoryOf(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

/** Processor time of a process so far, in microseconds, in the system's steps of ten milliseconds. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** MLServer on a folder with a model-settings.json. */
export async function startMlserver(python: string, folder: string, workers: number): Promise<Served> {
  const [http, grpc, metrics] = (await freePorts(3)) as [number, number, number]
  writeFileSync(
    join(folder, 'settings.json'),
    JSON.stringify({
      host,
      http_port: http,
      grpc_port: grpc,
      metrics_port: metrics,
      parallel_workers: workers,
      debug: false,
    }),
  )
  return started(join(dirname(python), 'mlserver'), ['start', '.'], {
    cwd: folder,
    log: join(folder, 'server.log'),
    http,
    grpc,
    ready: '/v2/models/forest/ready',
  })
}

/** `mlflow models serve`, in the environment of `python`. */
export async function startMlflow(python: string, folder: string): Promise<Served> {
  const [http] = (await freePorts(1)) as [number]
  const bin = dirname(python)
  return started(
    join(bin, 'mlflow'),
    ['models', 'serve', '--model-uri', folder, '--env-manager', 'local', '--host', host, '--port', String(http)],
    {
      cwd: folder,
      env: { PATH: `${bin}:${process.env.PATH}`, MLFLOW_DISABLE_TELEMETRY: 'true' },
      log: join(dirname(folder), 'mlflow.log'),
      http,
      grpc: 0,
      ready: '/ping',
    },
  )
}

/** A whole Kedge server; `ready` is an endpoint that must answer, none at the first start. */
export async function startKedgeServer(
  python: string,
  data: string,
  ready?: string,
): Promise<Served & { url: string }> {
  const [port, http, grpc] = (await freePorts(3)) as [number, number, number]
  const server = await started(
    process.execPath,
    [
      ...[join(root, 'src/cli/main.ts'), 'serve', '--data', data, '--log-level', 'warn'],
      ...['--port', String(port), '--inference-port', String(http), '--grpc-port', String(grpc)],
    ],
    {
      cwd: dirname(data),
      env: { KEDGE_PYTHON: python, KEDGE_WRAPPED: '1' },
      log: `${data}.log`,
      http,
      grpc,
      ready: ready === undefined ? '/health' : `/v2/models/${ready}/ready`,
    },
  )
  return { ...server, url: `http://${host}:${port}` }
}

/** An HTTP server whose handler reads the request and answers `answer`. */
export async function startEmptyHandler(answer: string, folder: string): Promise<Served> {
  const [http] = (await freePorts(1)) as [number]
  const script = `
    const answer = ${JSON.stringify(answer)}
    require('node:http').createServer({ noDelay: true, keepAliveTimeout: 72000 }, (request, response) => {
      request.on('data', () => {})
      request.on('end', () => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) })
        response.end(answer)
      })
    }).listen(${http}, '${host}')`
  return started(process.execPath, ['--input-type=commonjs', '-e', script], {
    cwd: folder,
    log: join(folder, 'empty.log'),
    http,
    grpc: 0,
    ready: '/',
  })
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../src/cli/loop/free-ports.ts'
import { pythonEnvironment } from '../../test/servers/python-env.ts'
import { signalTree } from './process-tree.ts'

export interface Server {
  name: 'kedge' | 'mlflow'
  port: number
  pid: number
  /** from the start of the process to the first answer of /health, milliseconds */
  startedIn: number
  /** connection string of its database, or the file */
  database: string
  runs(): boolean
  pause(): void
  resume(): void
  stop(): Promise<void>
}

const root = join(import.meta.dirname, '../..')

async function whenHealthy(child: ChildProcess, port: number, start: number): Promise<number> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server on port ${port} ended with ${child.exitCode}`)
    try {
      if ((await fetch(`http://127.0.0.1:${port}/health`)).ok) return performance.now() - start
    } catch {
      // not yet
    }
    await new Promise((done) => setTimeout(done, 10))
  }
}

async function begin(
  name: Server['name'],
  command: string,
  parameters: string[],
  port: number,
  directory: string,
  database: string,
): Promise<Server> {
  const start = performance.now()
  const log = openSync(join(directory, `${name}.log`), 'a')
  const child = spawn(command, parameters, { stdio: ['ignore', log, log], cwd: directory, detached: true })
  const startedIn = await whenHealthy(child, port, start)
  const pid = child.pid!
  return {
    name,
    port,
    pid,
    startedIn,
    database,
    runs: () => child.exitCode === null,
    pause: () => signalTree(pid, 'SIGSTOP'),
    resume: () => signalTree(pid, 'SIGCONT'),
    async stop() {
      signalTree(pid, 'SIGCONT')
      const ended = once(child, 'exit')
      process.kill(-pid, 'SIGTERM')
      const late = setTimeout(() => process.kill(-pid, 'SIGKILL'), 5000)
      await ended
      clearTimeout(late)
    },
  }
}

/** Starts Kedge as a user does; on PostgreSQL when `postgres` names a database. `flags` go to Node. */
export async function startKedgeServer(directory: string, postgres?: string, flags: string[] = []): Promise<Server> {
  const [port, inferencePort, grpcPort] = await freePorts(3)
  const data = join(directory, 'data')
  const ports = ['--port', `${port}`, '--inference-port', `${inferencePort}`, '--grpc-port', `${grpcPort}`]
  const store = postgres ? ['--sql', postgres] : []
  const command = flags.length > 0 ? [...flags, join(root, 'src/cli/main.ts')] : [join(root, 'bin/kedge.mjs')]
  const server = await begin(
    'kedge',
    process.execPath,
    [...command, 'serve', ...ports, '--data', data, ...store],
    port!,
    directory,
    postgres ?? join(data, 'kedge.sqlite'),
  )
  // stopped while it starts its other process, it would take that for lost
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${inferencePort}/health`).then(
      () => true,
      () => false,
    )
    if (answered) return server
    if (!server.runs()) throw new Error('Kedge ended while it started')
    await new Promise((done) => setTimeout(done, 50))
  }
}

/** Starts MLflow's own server with its default workers, from PyPI, on SQLite or PostgreSQL. */
export async function startMlflowServer(directory: string, postgres?: string): Promise<Server> {
  const python = await pythonEnvironment(join(import.meta.dirname, 'requirements.lock'))
  const [port] = await freePorts(1)
  const file = join(directory, 'mlflow.db')
  const store = postgres?.replace('postgres:', 'postgresql+psycopg2:') ?? `sqlite:///${file}`
  const parameters = [
    '-m',
    'mlflow',
    'server',
    '--host',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--backend-store-uri',
    store,
  ]
  return begin(
    'mlflow',
    python,
    [...parameters, '--artifacts-destination', join(directory, 'artifacts')],
    port!,
    directory,
    postgres ?? file,
  )
}

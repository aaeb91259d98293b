import { execFile, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

const run = promisify(execFile)

export interface PostgresServer {
  host: string
  port: number
  user: string
  password: string
  /** connection string of a database, `postgres` when absent */
  url(database?: string): string
  /** makes an empty database and gives its connection string */
  createDatabase(name: string): Promise<string>
  /** kill -9 of the whole server */
  kill(): Promise<void>
  /** starts it again after `kill` or `stop` on the same port and data */
  start(): Promise<void>
  /** ends the server and removes its data */
  stop(): Promise<void>
}

/** The folder of PostgreSQL's programs (Debian's layout or PATH); undefined when it is not installed. */
export function postgresPrograms(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...(process.env.PATH ?? '').split(':')]
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

/** PostgreSQL refuses to run as root, so it runs as the user `postgres` then. */
async function serverUser(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

/** Starts a throw-away PostgreSQL on a free port of 127.0.0.1, with its data in a temporary folder. */
export async function startPostgres(settings: Record<string, string> = {}): Promise<PostgresServer> {
  const programs = postgresPrograms()
  if (!programs) throw new Error('PostgreSQL is not installed (Debian: apt-get install postgresql)')
  const owner = await serverUser()
  const directory = mkdtempSync(join(tmpdir(), 'kedge-postgres-'))
  chmodSync(directory, 0o755)
  if (owner.uid !== undefined) chownSync(directory, owner.uid, owner.gid!)
  const data = join(directory, 'data')
  const environment = { env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' }, cwd: directory, ...owner }
  await run(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'kedge', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    environment,
  )
  const port = await freePort()
  let server: ReturnType<typeof spawn> | undefined
  let ended: Promise<void> = Promise.resolve()
  let patience = 100

  const api: PostgresServer = {
    host: '127.0.0.1',
    port,
    user: 'kedge',
    password: 'unused-with-trust',
    url: (database = 'postgres') => `postgres://kedge@127.0.0.1:${port}/${database}`,
    async createDatabase(name) {
      await query(api.url(), `CREATE DATABASE "${name}"`)
      return api.url(name)
    },
    async start() {
      const options = {
        listen_addresses: '127.0.0.1',
        port: String(port),
        unix_socket_directories: '',
        shared_buffers: '32MB',
        ...settings,
      }
      const flags = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])
      const child = spawn(join(programs, 'postgres'), ['-D', data, ...flags], {
        ...environment,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let log = ''
      child.stderr.on('data', (text) => {
        log = (log + text).slice(-4000)
      })
      server = child
      ended = new Promise((resolve) => child.once('exit', () => resolve()))
      for (let attempt = 0; ; attempt++) {
        if (child.exitCode !== null) {
          // those whom a killed server leaves behind end by themselves, a moment later
          if (!log.includes('pre-existing shared memory block') || patience-- === 0)
            throw new Error(`PostgreSQL did not start: ${log}`)
          await new Promise((resolve) => setTimeout(resolve, 50))
          return api.start()
        }
        try {
          await query(api.url(), 'SELECT 1')
          return
        } catch (error) {
          if (attempt > 300) throw error
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
    },
    async kill() {
      server?.kill('SIGKILL')
      await ended
    },
    async stop() {
      server?.kill('SIGINT')
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await api.start()
  return api
}

async function query(url: string, text: string) {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(text)
  } finally {
    await client.end().catch(() => {})
  }
}

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

export interface PostgresServer {
  /** of the database `postgres` */
  url: string
  port: number
  /** Creates a database (or empties it) and returns its URL. */
  database(name: string): Promise<string>
  /** Stops without a goodbye and starts again on the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A throw-away PostgreSQL from the machine's own package. As root it runs as the user `postgres`, as it insists. */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = findBinaries()
  const directory = mkdtempSync(join(tmpdir(), 'kedge-postgres-'))
  const user = process.getuid?.() === 0 ? postgresUser() : undefined
  if (user) chownSync(directory, user.uid, user.gid)
  const options = { ...(user ?? {}), cwd: directory, env: { ...process.env, LC_ALL: 'C.UTF-8' } }
  const data = join(directory, 'data')
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'], { ...options, stdio: 'ignore' })
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}`

  const launch = async () => {
    const child = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), '-k', directory, '-h', '127.0.0.1'], { ...options, stdio: 'ignore' })
    await ready(`${url}/postgres`)
    return child
  }
  let child = await launch()
  const end = async (signal: NodeJS.Signals) => {
    const gone = child.exitCode !== null || once(child, 'exit')
    child.kill(signal)
    await gone
  }

  return {
    url: `${url}/postgres`,
    port,
    async database(name) {
      const client = new pg.Client(`${url}/postgres`)
      await client.connect()
      await client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
      await client.query(`CREATE DATABASE "${name}"`)
      await client.end()
      return `${url}/${name}`
    },
    async restart() {
      await end('SIGQUIT')
      child = await launch()
    },
    async stop() {
      await end('SIGQUIT')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function findBinaries(): string {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  for (const folder of [...versions.map((version) => join(root, version, 'bin')), ...(process.env.PATH ?? '').split(':')])
    if (existsSync(join(folder, 'initdb'))) return folder
  throw new Error('PostgreSQL is not installed here (Debian: apt-get install postgresql)')
}

function postgresUser(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** A port that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function ready(url: string): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 })
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      await client.end().catch(() => {})
      if (Date.now() > deadline) throw error
      await new Promise((done) => setTimeout(done, 50))
    }
  }
}

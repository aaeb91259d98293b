import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../../src/cli/loop/free-ports.ts'

const run = promisify(execFile)

export interface MariadbServer {
  port: number
  /** runs statements as root and gives what the client prints: a line a row, tabs between values */
  sql(statements: string): Promise<string>
  /** kill -9 of the server */
  kill(): Promise<void>
  /** starts it again after `kill` on the same port and data */
  start(): Promise<void>
  /** ends the server and removes its data */
  stop(): Promise<void>
}

const program = (name: string) =>
  ['/usr/sbin', '/usr/bin', ...(process.env.PATH ?? '').split(':')]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
const [server, install, client] = ['mariadbd', 'mariadb-install-db', 'mariadb'].map(program)

/** Why there is no MariaDB to test with; undefined where there is one. */
export const mariadbObstacle =
  server && install && client
    ? undefined
    : 'MariaDB is not installed (Debian: apt-get install mariadb-server-core mariadb-client-core)'
if (mariadbObstacle) console.warn(`skipped: the tests with a real MariaDB. ${mariadbObstacle}`)

/** The statements that make the user `kedge` with the password `secret`, who may read the database `warehouse`. */
export const kedgeUser = ['127.0.0.1', 'localhost']
  .map((host) => `CREATE USER kedge@'${host}' IDENTIFIED BY 'secret'; GRANT SELECT ON warehouse.* TO kedge@'${host}';`)
  .join(' ')

/** Starts a throw-away MariaDB on a free port of 127.0.0.1, with its data in a temporary folder. */
export async function startMariadb(settings: Record<string, string> = {}): Promise<MariadbServer> {
  if (mariadbObstacle) throw new Error(mariadbObstacle)
  const directory = mkdtempSync(join(tmpdir(), 'kedge-mariadb-'))
  const [data, socket] = [join(directory, 'data'), join(directory, 'socket')]
  // MariaDB runs as root only when it is told so by name
  const user = process.getuid?.() === 0 ? ['--user=root'] : []
  await run(install!, [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...user,
  ])
  const [port] = (await freePorts(1)) as [number]
  let child: ReturnType<typeof spawn> | undefined
  let ended: Promise<void> = Promise.resolve()

  const api: MariadbServer = {
    port,
    sql: (statements) =>
      new Promise((resolve, reject) => {
        const options = [
          '--no-defaults',
          `--socket=${socket}`,
          '--user=root',
          '--batch',
          '--skip-column-names',
          '--default-character-set=utf8mb4',
        ]
        const process = execFile(client!, options, (error, output) => (error ? reject(error) : resolve(output)))
        process.stdin!.end(statements)
      }),
    async start() {
      const options = Object.entries({
        datadir: data,
        socket,
        port: String(port),
        'bind-address': '127.0.0.1',
        'innodb-buffer-pool-size': '16M',
        'character-set-server': 'utf8mb4',
        ...settings,
      }).map(([name, value]) => `--${name}=${value}`)
      const started = spawn(server!, ['--no-defaults', ...options, ...user], { stdio: ['ignore', 'ignore', 'pipe'] })
      child = started
      ended = new Promise((resolve) => started.once('exit', () => resolve()))
      let log = ''
      await new Promise<void>((resolve, reject) => {
        started.stderr.on('data', (text) => {
          log = (log + text).slice(-8000)
          if (log.includes('ready for connections')) resolve()
        })
        started.once('exit', () => reject(new Error(`MariaDB did not start: ${log}`)))
      })
    },
    async kill() {
      child?.kill('SIGKILL')
      await ended
    },
    async stop() {
      child?.kill('SIGTERM')
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await api.start()
  return api
}

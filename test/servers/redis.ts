import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { freePorts } from '../../src/cli/loop/free-ports.ts'

const program = ['/usr/bin', '/usr/local/bin', ...(process.env.PATH ?? '').split(':')]
  .map((folder) => join(folder, 'redis-server'))
  .find((path) => existsSync(path))

/** Why there is no Redis to test with; undefined where there is one. */
export const redisObstacle = program ? undefined : 'Redis is not installed (Debian: apt-get install redis-server)'
if (redisObstacle) console.warn(`skipped: the tests with a real Redis. ${redisObstacle}`)

export interface RedisServer {
  port: number
  client: Awaited<ReturnType<typeof connect>>
  /** kill -9 */
  kill(): Promise<void>
  /** starts it again after `kill` on the same port and data, with a client of its own */
  start(): Promise<void>
  stop(): Promise<void>
}

const connect = async (port: number, password: string) => {
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: false }, password })
  client.on('error', () => {})
  return client.connect()
}

/** A throw-away Redis on a free port of 127.0.0.1 with a password; every write is on disk before it is answered. */
export async function startRedis(password = 'secret'): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-redis-'))
  const [port] = (await freePorts(1)) as [number]
  let child: ReturnType<typeof spawn>
  let ended: Promise<void>
  const server = { port } as RedisServer
  server.start = async () => {
    const options = {
      port,
      bind: '127.0.0.1',
      dir: folder,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
      requirepass: password,
    }
    child = spawn(
      program!,
      Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
      { stdio: 'ignore' },
    )
    ended = new Promise((resolve) => child.once('exit', () => resolve()))
    for (let attempt = 0; ; attempt++)
      try {
        server.client = await connect(port, password)
        await server.client.ping()
        return
      } catch (error) {
        if (attempt > 200 || child.exitCode !== null) throw error
        await wait(50)
      }
  }
  server.kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  server.stop = async () => {
    server.client.destroy()
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  await server.start()
  return server
}

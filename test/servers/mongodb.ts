import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { freePorts } from '../../src/cli/loop/free-ports.ts'
import { javaJars } from './java-jars.ts'

const folder = join(import.meta.dirname, 'mongodb')
/** a program of FerretDB 1 with its SQLite, which knows users too; else a server in Java, from Maven, that does not */
const program = process.env.KEDGE_TEST_FERRETDB || undefined

export interface MongodbServer {
  port: number
  client: MongoClient
  kill(): Promise<void>
  stop(): Promise<void>
}

/** Whether the server asks for users and their passwords. */
export const knowsUsers = program !== undefined

/** Why no server can be had on this machine; undefined when it can. */
export const mongodbObstacle = (): Promise<string | undefined> =>
  program
    ? Promise.resolve(undefined)
    : javaJars(join(folder, 'pom.xml')).then(
        () => undefined,
        (error) =>
          `MongoDB was not tried: ${String((error as Error).message).slice(0, 200)}\nInstall with: sudo apt-get install default-jdk-headless maven`,
      )

/** A server that speaks MongoDB's protocol, on a free port of 127.0.0.1; user `kedge`, password `secret`. */
export async function startMongodb(): Promise<MongodbServer> {
  const state = mkdtempSync(join(tmpdir(), 'kedge-mongodb-'))
  const [port] = (await freePorts(1)) as [number]
  const [command, ...args] = program
    ? [
        program,
        '--handler=sqlite',
        `--sqlite-url=file:${state}/`,
        `--state-dir=${state}`,
        `--listen-addr=127.0.0.1:${port}`,
        '--debug-addr=-',
        '--telemetry=disable',
        '--test-enable-new-auth',
        '--setup-username=kedge',
        '--setup-password=secret',
        '--setup-database=admin',
      ]
    : [
        'java',
        '-Xmx200m',
        '-cp',
        `${await javaJars(join(folder, 'pom.xml'))}/*`,
        join(folder, 'Serve.java'),
        String(port),
      ]
  const child: ChildProcess = spawn(command!, args, { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const user = knowsUsers ? 'kedge:secret@' : ''
  for (let attempt = 0; ; attempt++)
    try {
      const client = new MongoClient(`mongodb://${user}127.0.0.1:${port}/?directConnection=true`, {
        serverSelectionTimeoutMS: 1000,
      })
      await client.connect()
      await client.db('admin').command({ ping: 1 })
      const kill = async () => {
        child.kill('SIGKILL')
        await ended
      }
      return {
        port,
        client,
        kill,
        async stop() {
          await client.close().catch(() => {})
          await kill()
          rmSync(state, { recursive: true, force: true })
        },
      }
    } catch (error) {
      if (attempt > 60 || child.exitCode !== null) {
        child.kill('SIGKILL')
        throw error
      }
      await wait(200)
    }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export interface Broker {
  port: number
  stop(): Promise<void>
}

export interface BrokerProcess extends Broker {
  /** kill -9, or a proper end that stores what there is; then `start` goes on with what it stored */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** starts it again on the same port and data */
  start(): Promise<void>
}

/** Starts a broker's program and waits until its port answers; `folder` is its own and goes with it. */
export async function startBrokerProcess(
  program: string,
  options: readonly string[],
  { port, folder }: { port: number; folder: string },
): Promise<BrokerProcess> {
  let child: ChildProcess
  let ended: Promise<void>
  const broker: BrokerProcess = {
    port,
    async start() {
      child = spawn(program, options, { stdio: 'ignore', cwd: folder })
      ended = new Promise((resolve) => child.once('exit', () => resolve()))
      for (let attempt = 0; ; attempt++)
        try {
          return await reach(port)
        } catch (error) {
          if (attempt > 1200 || child.exitCode !== null) throw error
          await wait(25)
        }
    },
    async end(signal) {
      child.kill(signal)
      await ended
    },
    async stop() {
      await broker.end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await broker.start()
  return broker
}

const reach = (port: number) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })

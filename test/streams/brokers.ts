import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import mqtt, { type MqttClient } from 'mqtt'

export interface Broker {
  port: number
  stop(): Promise<void>
}

/** A port that is free now. */
export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

/** An MQTT 3.1.1 broker within the test; it forgets everything when it stops. */
export async function startAedes(): Promise<Broker> {
  const aedes = await Aedes.createBroker()
  const server: Server = createServer(aedes.handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    stop: () => new Promise((resolve) => aedes.close(() => server.close(() => resolve()))),
  }
}

export const mosquittoProgram = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'].find((path) => existsSync(path))

export interface Mosquitto extends Broker {
  /** kill -9, or a proper end that stores sessions; then `start` goes on with what it stored */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  start(): Promise<void>
}

/** Eclipse Mosquitto on a free port, which keeps its sessions over restarts, unless not `keep` (it is quicker then). `lines`: further lines of its configuration. */
export async function startMosquitto(lines: string[] = [], keep = true): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-mosquitto-'))
  const port = await freePort()
  const file = join(folder, 'mosquitto.conf')
  const own = lines.some((line) => line.startsWith('listener')) ? [] : [`listener ${port} 127.0.0.1`]
  writeFileSync(
    file,
    [
      ...own,
      'allow_anonymous true',
      ...(keep ? keeping(folder) : ['persistence false']),
      'max_queued_messages 0',
      // without a limit messages were landed twice after a restart (docs/adr/0009)
      'max_inflight_messages 1000',
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      ...lines.map((line) => line.replace('PORT', String(port))),
    ].join('\n'),
  )
  let child: ChildProcess
  let ended: Promise<void>
  const broker: Mosquitto = {
    port,
    async start() {
      child = spawn(mosquittoProgram!, ['-c', file], { stdio: 'ignore' })
      ended = new Promise((resolve) => child.once('exit', () => resolve()))
      await reachable(port)
    },
    async end(signal) {
      child.kill(signal)
      await ended
    },
    async stop() {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await broker.start()
  return broker
}

const keeping = (folder: string) => [
  'persistence true',
  `persistence_location ${folder}/`,
  'autosave_interval 1',
  'autosave_on_changes true',
]

async function reachable(port: number) {
  for (let attempt = 0; ; attempt++)
    try {
      await new Promise<void>((resolve, reject) => {
        const socket = connectTcp(port, '127.0.0.1', () => {
          socket.destroy()
          resolve()
        })
        socket.on('error', reject)
      })
      return
    } catch (error) {
      if (attempt > 200) throw error
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
}

/** A client that publishes, reconnecting by itself; `publishAsync` resolves when the broker has acknowledged. */
export const publisher = (port: number, options: object = {}): Promise<MqttClient> =>
  mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clean: true, reconnectPeriod: 50, ...options })

import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import mqtt, { type MqttClient } from 'mqtt'
import { freePorts } from '../../src/cli/loop/free-ports.ts'
import { type Broker, type BrokerProcess, startBrokerProcess } from './broker-process.ts'

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

/** Eclipse Mosquitto on a free port, which keeps its sessions over restarts, unless not `keep` (it is quicker then). `lines`: further lines of its configuration. */
export async function startMosquitto(lines: string[] = [], keep = true): Promise<BrokerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-mosquitto-'))
  const [port] = (await freePorts(1)) as [number]
  const file = join(folder, 'mosquitto.conf')
  const own = lines.some((line) => line.startsWith('listener')) ? [] : [`listener ${port} 127.0.0.1`]
  writeFileSync(
    file,
    [
      ...own,
      'allow_anonymous true',
      ...(keep ? keeping(folder) : ['persistence false']),
      'max_queued_messages 0',
      ...(lines.some((line) => line.startsWith('max_inflight_messages')) ? [] : ['max_inflight_messages 1000']),
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      ...lines.map((line) => line.replace('PORT', String(port))),
    ].join('\n'),
  )
  return startBrokerProcess(mosquittoProgram!, ['-c', file], { port, folder })
}

const keeping = (folder: string) => [
  'persistence true',
  `persistence_location ${folder}/`,
  'autosave_interval 1',
  'autosave_on_changes true',
]

/** A client that publishes, reconnecting by itself; `publishAsync` resolves when the broker has acknowledged. */
export const publisher = (port: number, options: object = {}): Promise<MqttClient> =>
  mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clean: true, reconnectPeriod: 50, ...options })

import { createServer, type Socket } from 'node:net'
import mqttPacket, { type Packet } from 'mqtt-packet'
import type { Broker } from './broker-process.ts'

export interface ScriptedBroker extends Broker {
  /** packets that the client has sent, oldest first; for all of its connections */
  heard: Packet[]
  send(packet: Packet): void
  /** ends the connection without a word; the client comes again */
  drop(): void
}

/** An MQTT 5 broker that keeps one session and otherwise says only what the test tells it, and answers to pings. */
export async function startScriptedBroker(): Promise<ScriptedBroker> {
  const heard: Packet[] = []
  let socket: Socket | undefined
  let sessionPresent = false
  const send = (packet: Packet) => socket?.write(mqttPacket.generate(packet, { protocolVersion: 5 }))
  const server = createServer((connected) => {
    socket = connected
    const parser = mqttPacket.parser({ protocolVersion: 5 })
    parser.on('packet', (packet) => {
      heard.push(packet)
      if (packet.cmd === 'connect') {
        send({ cmd: 'connack', reasonCode: 0, sessionPresent } as Packet)
        sessionPresent = true
      }
      if (packet.cmd === 'subscribe') send({ cmd: 'suback', messageId: packet.messageId!, granted: [2] } as Packet)
      if (packet.cmd === 'pingreq') send({ cmd: 'pingresp' })
    })
    connected.on('data', (bytes) => parser.parse(bytes))
    connected.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    heard,
    send,
    drop: () => void socket?.destroy(),
    stop: () =>
      new Promise((resolve) => {
        socket?.destroy()
        server.close(() => resolve())
      }),
  }
}

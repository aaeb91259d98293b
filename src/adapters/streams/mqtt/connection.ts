import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import mqttPacket, { type IConnackPacket, type IPublishPacket, type Packet } from 'mqtt-packet'
import { KedgeError } from '../../../errors.ts'

export interface ConnectionOptions {
  /** name for errors */
  place: string
  address: string
  port: number
  tls: { servername: string; ca?: string; cert?: string; key?: string } | undefined
  version: 4 | 5
  clientId: string
  user: string | undefined
  password: string | undefined
  /** seconds that the broker keeps the session */
  session: number
  /** seconds between signs of life */
  keepalive: number
  /** how many messages may be under way at once; MQTT 5 */
  inflight: number
  received(packet: IPublishPacket): void
  /** The broker will not send this message of QoS 2 again, as soon as it has heard our answer. */
  released(number: number): void
  /** The broker has heard everything that was said before the last `probe`. */
  heard(): void
  /** once, also when it never was open */
  closed(error: KedgeError): void
}

export interface Connection {
  /** Resolves with whether the broker still had the session. Errors: `source_refused`, `source_unreachable`. */
  opened: Promise<boolean>
  /** Errors: `source_refused`. */
  subscribe(filter: string, qos: 0 | 1 | 2, retainHandling: 0 | 1 | 2): Promise<void>
  unsubscribe(filter: string): Promise<void>
  /** Says that messages are safe: PUBACK or, for QoS 2, PUBREC; in the order in which they came. */
  acknowledge(messages: readonly { number: number; qos: 1 | 2 }[]): void
  /** Asks for a sign of life: its answer says that the broker has heard what was said before. */
  probe(): void
  pause(): void
  resume(): void
  close(): void
}

/** MQTT 3.1.1, 3.2.2.3 and MQTT 5, 3.2.2.2: why a broker refuses. */
const refusals: Record<number, string> = {
  1: 'it does not speak this version of MQTT', 2: 'it does not take this client id', 3: 'it is not available',
  4: 'user or password are wrong', 5: 'it is not allowed', 132: 'it does not speak this version of MQTT',
  133: 'it does not take this client id', 134: 'user or password are wrong', 135: 'it is not allowed',
  136: 'it is not available', 137: 'it is busy', 138: 'this client is banned', 142: 'another client took over the session',
} // biome-ignore format: a table

/**
 * One connection to a broker that only receives. mqtt.js handles one packet after the other and waits for each one's
 * acknowledgement, so that every message would need a commit of its own; here many are under way and share one.
 */
export function openConnection(options: ConnectionOptions): Connection {
  const { version, place } = options
  const parser = mqttPacket.parser({ protocolVersion: version })
  const socket: Socket = options.tls
    ? connectTls({
        host: options.address,
        port: options.port,
        // a number is no name that TLS could ask for
        ...(isIP(options.tls.servername) ? {} : { servername: options.tls.servername }),
        ...options.tls,
        ...(isIP(options.tls.servername) ? { servername: '' } : {}),
      })
    : connectTcp({ host: options.address, port: options.port, noDelay: true })
  const opened = Promise.withResolvers<boolean>()
  opened.promise.catch(() => {})
  const waiting = new Map<number, { resolve(): void; reject(error: Error): void }>()
  let number = 0
  let pings = 0
  let ended = false
  let heard = true
  let ping: NodeJS.Timeout | undefined

  const send = (packet: Packet) => socket.write(mqttPacket.generate(packet, { protocolVersion: version }))
  const unreachable = (what: string) => new KedgeError('source_unreachable', { source: place, what })
  const refused = (what: string) => new KedgeError('source_refused', { source: place, what })

  function probe() {
    if (ended) return
    pings++
    send({ cmd: 'pingreq' })
  }

  function end(error: KedgeError) {
    if (ended) return
    ended = true
    clearInterval(ping)
    socket.destroy()
    opened.reject(error)
    for (const { reject } of waiting.values()) reject(error)
    options.closed(error)
  }

  function accepted(packet: IConnackPacket) {
    const code = packet.reasonCode ?? packet.returnCode ?? 0
    if (code !== 0) return end(refused(refusals[code] ?? `with code ${code}`))
    const every = (packet.properties?.serverKeepAlive ?? options.keepalive) * 1000
    ping = setInterval(() => {
      // while reading is paused nothing is heard, and that is no fault of the broker
      if (!heard && !socket.isPaused()) return end(unreachable('it does not answer'))
      heard = false
      probe()
    }, every)
    ping.unref()
    opened.resolve(packet.sessionPresent)
  }

  function answered(messageId: number, granted: readonly unknown[]) {
    const asked = waiting.get(messageId)
    waiting.delete(messageId)
    const code = granted.find((value) => typeof value === 'number' && value >= 128)
    if (code === undefined) asked?.resolve()
    else asked?.reject(refused(`the topic, with code ${code}`))
  }

  parser.on('packet', (packet) => {
    switch (packet.cmd) {
      case 'publish':
        return options.received(packet)
      case 'pubrel':
        send({ cmd: 'pubcomp', messageId: packet.messageId! })
        return options.released(packet.messageId!)
      case 'pingresp':
        pings--
        // the answer to the last of them
        return pings === 0 ? options.heard() : undefined
      case 'connack':
        return accepted(packet)
      case 'suback':
      case 'unsuback':
        return answered(packet.messageId!, (packet.granted ?? []) as unknown[])
      case 'disconnect':
        return end(refused(refusals[packet.reasonCode ?? 0] ?? `and closed with code ${packet.reasonCode}`))
    }
  })
  parser.on('error', (error: Error) => end(unreachable(`what it says is no MQTT: ${error.message}`)))
  socket.on('data', (bytes) => {
    heard = true
    parser.parse(bytes)
  })
  socket.on('error', (error) => end(unreachable(error.message)))
  socket.on('close', () => end(unreachable('the connection was closed')))
  socket.setTimeout(15_000, () => end(unreachable('it does not answer')))
  socket.once(options.tls ? 'secureConnect' : 'connect', () => {
    send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: version,
      clientId: options.clientId,
      clean: false,
      keepalive: options.keepalive,
      ...(options.user === undefined ? {} : { username: options.user }),
      ...(options.password === undefined ? {} : { password: Buffer.from(options.password) }),
      ...(version === 5
        ? { properties: { sessionExpiryInterval: options.session, receiveMaximum: options.inflight } }
        : {}),
    })
  })
  opened.promise.then(
    () => socket.setTimeout(0),
    () => {},
  )

  const ask = (packet: (messageId: number) => Packet) =>
    new Promise<void>((resolve, reject) => {
      number = (number % 65_535) + 1
      waiting.set(number, { resolve, reject })
      send(packet(number))
    })

  return {
    opened: opened.promise,
    subscribe: (filter, qos, rh) =>
      ask((messageId) => ({
        cmd: 'subscribe',
        messageId,
        subscriptions: [{ topic: filter, qos, ...(version === 5 ? { rh, rap: true } : {}) }],
      })),
    unsubscribe: (filter) => ask((messageId) => ({ cmd: 'unsubscribe', messageId, unsubscriptions: [filter] })),
    acknowledge(messages) {
      if (ended || messages.length === 0) return
      // PUBACK and PUBREC without a reason: four bytes in every version
      const bytes = Buffer.allocUnsafe(messages.length * 4)
      for (const [i, { number: messageId, qos }] of messages.entries()) {
        bytes[i * 4] = qos === 1 ? 0x40 : 0x50
        bytes[i * 4 + 1] = 2
        bytes.writeUInt16BE(messageId, i * 4 + 2)
      }
      socket.write(bytes)
    },
    probe,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close() {
      if (!ended && socket.writable) send({ cmd: 'disconnect', reasonCode: 0 } as Packet)
      const gone = unreachable('it was left')
      socket.end(() => end(gone))
      setTimeout(() => end(gone), 500).unref()
    },
  }
}

import type { ClientConfig } from 'pg'
import type { Pgoutput } from 'pg-logical-replication'
import { keepText } from './change-rows.ts'
import { formatLsn, parseLsn } from './lsn.ts'

export interface ReplicationInput {
  options: ClientConfig
  slot: string
  publication: string
  /** everything committed before is known */
  from: bigint
  /** what reading waits for while it is paused */
  ready(): Promise<void> | undefined
  started(): void
  /** Its promise, if it gives one, is waited for before the next message. */
  handle(message: Pgoutput.Message): Promise<void> | undefined
  /** The server has nothing more up to here, and everything before was handled. */
  idle(lsn: bigint): void
}

export interface Replication {
  /** Says that everything before is durable: the server may forget it. */
  acknowledge(lsn: bigint): void
  /** Rejects when the connection is lost, resolves when it was closed. */
  ended: Promise<void>
  close(): Promise<void>
}

/** how often the server is told that somebody reads, in milliseconds; it waits for `wal_sender_timeout`, a minute */
const signOfLife = 10_000

/** Reads the changes of a slot, in the order of their commits. */
export async function startReplication(input: ReplicationInput): Promise<Replication> {
  const { LogicalReplicationService, PgoutputPlugin } = await import('pg-logical-replication')
  // what has arrived is told apart from what was handled: the library tells of the server's place at once
  let waiting = 0
  class Plugin extends PgoutputPlugin {
    override parse(buffer: Buffer): Pgoutput.Message {
      const message = super.parse(buffer)
      if (message.tag === 'relation') keepText(message)
      waiting++
      return message
    }
  }
  let acknowledged = input.from
  const service = new LogicalReplicationService(input.options, {
    // the library would acknowledge what has arrived, and by a timer too
    acknowledge: { auto: false, timeoutSeconds: 0 },
    flowControl: { enabled: true },
  })
  const failed = Promise.withResolvers<void>()
  failed.promise.catch(() => {})
  service.on('error', (error) => failed.reject(error))
  service.on('start', () => input.started())
  service.on('data', async (_lsn: string, message: Pgoutput.Message) => {
    const gate = input.ready()
    if (gate) await gate
    try {
      await input.handle(message)
      waiting--
    } catch (error) {
      failed.reject(error as Error)
    }
  })
  // the library adds 1
  const tell = () => void service.acknowledge(formatLsn(acknowledged - 1n)).catch(() => {})
  service.on('heartbeat', (lsn: string, _time: number, asked: boolean) => {
    if (waiting === 0) input.idle(parseLsn(lsn))
    if (asked) tell()
  })
  const timer = setInterval(tell, signOfLife)
  timer.unref()
  const plugin = new Plugin({ protoVersion: 1, publicationNames: [input.publication] })
  service.subscribe(plugin, input.slot, formatLsn(input.from)).then(
    () => failed.reject(new Error('the connection was closed')),
    (error: Error) => failed.reject(error),
  )
  let closed = false
  return {
    ended: failed.promise.catch((error) => {
      if (!closed) throw error
    }),
    acknowledge(lsn) {
      if (lsn <= acknowledged) return
      acknowledged = lsn
      tell()
    },
    async close() {
      closed = true
      clearInterval(timer)
      await Promise.race([service.destroy().catch(() => {}), new Promise((done) => setTimeout(done, 1000).unref())])
      failed.resolve()
    },
  }
}

// The entry of the threads that read streams: one thread a stream, so that reading never holds up the control process.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { payloads } from '../../adapters/payloads/index.generated.ts'
import { streams } from '../../adapters/streams/index.generated.ts'
import type { StreamFeed, StreamMark, StreamSettings } from '../../contracts/stream-source.ts'
import { asKedgeError, KedgeError } from '../../errors.ts'
import { createAddressGuard } from '../source/address-guard.ts'
import { createMessageReader } from './read-messages.ts'
import { createRowWriter } from './row-writer.ts'
import { createSeenIds } from './seen-ids.ts'
import type { FromReader, ReaderStart, ToReader } from './thread-messages.ts'

/** While a commit is under way, more than this is not read. */
const mostWaiting = { rows: 50_000, size: 8 * 2 ** 20 }
/** This much does not wait for more. */
const enough = { rows: 20_000, size: 2 * 2 ** 20 }
const lagEvery = 2000

const port = parentPort as MessagePort
const start = workerData as ReaderStart
const say = (message: FromReader, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

const definition = streams.find(({ kind }) => kind === start.config.kind)!
const config = definition.config.parse(start.config)
const settings = config as StreamSettings
const decoder = payloads
  .find(({ format }) => format === settings.payload?.format)
  ?.open(settings.payload as never, start.memory ?? undefined)
const writer = createRowWriter(start.columns)
const seen = settings.id === undefined ? undefined : createSeenIds(settings.window)
const reader = createMessageReader({ settings, decoder, writer, seen })
const guard = createAddressGuard({ allowHosts: start.allowHosts })
const linger = definition.linger ?? 0

let feed: StreamFeed | undefined
let peerRepeated = 0
let reported = start.columns.length
let remembered = JSON.stringify(start.memory ?? null)
/** the mark whose messages are being committed */
let committing: StreamMark | undefined
let timer: NodeJS.Timeout | undefined
let held = false
let full = false
let asked = 0
const secrets = new Map<number, { resolve(value: string): void; reject(error: Error): void }>()

/** Stops and starts the feed as what waits, and the landing buffer, allow. */
function throttle() {
  const much = reader.waiting >= mostWaiting.rows || reader.size >= mostWaiting.size
  const hold = full || (committing !== undefined && much)
  if (hold === held) return
  held = hold
  if (hold) feed?.pause()
  else feed?.resume()
}

/** Sends what waits to be committed; one commit is under way at a time. */
function flush() {
  clearTimeout(timer)
  timer = undefined
  if (committing || !feed) return
  committing = feed.mark()
  const { rows, dead, repeated } = reader.take()
  const memory = decoder?.memory?.()
  const changed = memory === undefined ? false : JSON.stringify(memory) !== remembered
  if (changed) remembered = JSON.stringify(memory)
  const columns = writer.columns.length > reported ? [...writer.columns] : undefined
  reported = writer.columns.length
  say({
    type: 'landing',
    landing: {
      rows,
      dead,
      repeated: repeated + peerRepeated,
      columns,
      position: committing.position,
      memory: changed ? memory : undefined,
    },
  })
  peerRepeated = 0
}

function soon() {
  if (committing) return throttle()
  if (reader.waiting >= enough.rows || reader.size >= enough.size) return flush()
  timer ??= setTimeout(flush, linger)
}

const answers: { [T in ToReader['type']]: (message: Extract<ToReader, { type: T }>) => void | Promise<void> } = {
  ids({ ids }) {
    for (const id of ids) seen?.add(id)
  },
  async begin() {
    try {
      feed = await definition.open!(
        config,
        start.position,
        {
          take(message) {
            reader.read(message, Date.now())
            soon()
          },
          repeated(messages) {
            peerRepeated += messages
            soon()
          },
          connection: (connection, reason) => say({ type: 'state', connection, reason }),
        },
        {
          identity: start.identity,
          checkedHost: guard.check,
          secret: (reference) =>
            new Promise((resolve, reject) => {
              secrets.set(++asked, { resolve, reject })
              say({ type: 'secret', number: asked, reference })
            }),
        },
      )
      if (held) feed.pause()
      setInterval(() => void feed?.lag().then((lag) => say({ type: 'lag', lag })), lagEvery).unref()
    } catch (error) {
      say({ type: 'failed', error: asKedgeError(error).toJSON() })
    }
  },
  landed() {
    committing?.acknowledge()
    committing = undefined
    throttle()
    if (reader.waiting > 0 || peerRepeated > 0) soon()
  },
  pause() {
    full = true
    throttle()
  },
  resume() {
    full = false
    throttle()
  },
  async close({ forget }) {
    await feed?.close()
    const forgotten = forget && feed?.forget !== undefined
    if (forgotten) await feed!.forget!().catch((error) => say({ type: 'failed', error: asKedgeError(error).toJSON() }))
    say({ type: 'closed', forgotten })
    port.close()
  },
  secret({ number, value, error }) {
    const waiting = secrets.get(number)
    secrets.delete(number)
    if (value !== undefined) waiting?.resolve(value)
    else waiting?.reject(new KedgeError('not_found', { kind: 'Secret', name: error ?? '' }))
  },
}

port.on('message', (message: ToReader) => void answers[message.type](message as never))

import { appendFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Data } from '../../data/data.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import { type Reader, startReader } from '../../journal/reader.ts'
import { type ToldEvent, toldTypes, toRunEvents } from './to-run-events.ts'

export interface EmitLineageOptions {
  /** of a server, its path `/api/v1/lineage` added unless it has one; or `file:/path` */
  url: string
  apiKey?: string | undefined
}

const jobKind = 'openlineage.emit'
const timeout = 10_000
/** with the queue's growing pauses, days */
const attempts = 60

/**
 * Tells another server, or a file, what the journal says of datasets, pipelines, training and releases, as OpenLineage: a
 * reader of the journal that enqueues a job for each event, so each is told at least once. Registers the job.
 */
export function createLineageEmitter(
  environment: Environment,
  data: Pick<Data, 'datasets' | 'columns'>,
  { url, apiKey }: EmitLineageOptions,
): { start(): void; stop(): Promise<void> } {
  const { jobs, journal } = environment
  const send = url.startsWith('file:') ? appendTo(fileURLToPath(asFileUrl(url))) : postTo(withPath(url), apiKey)
  let reader: Reader | undefined

  jobs.handle<{ event: number }>({
    kind: jobKind,
    // one after the other, so that a run begins before it ends unless one had to be sent again
    concurrency: 1,
    async run(job, { signal }) {
      const [event] = await journal.read({ after: job.payload.event - 1, limit: 1 })
      if (!event || event.id !== job.payload.event) return {}
      for (const one of await toRunEvents(data, journal, event as ToldEvent)) await send(JSON.stringify(one), signal)
      return {}
    },
  })
  return {
    start() {
      reader ??= startReader(environment, {
        name: 'openlineage',
        types: toldTypes,
        from: 'now',
        async handle(event, change) {
          await jobs.enqueue(change, {
            kind: jobKind,
            project: event.project,
            payload: { event: event.id },
            maxAttempts: attempts,
          })
        },
      })
    },
    async stop() {
      await reader?.stop()
    },
  }
}

const asFileUrl = (url: string) => (url.startsWith('file://') ? url : `file://${url.slice('file:'.length)}`)

function withPath(url: string): URL {
  const address = new URL(url)
  if (address.pathname === '/') address.pathname = '/api/v1/lineage'
  return address
}

const appendTo = (path: string) => (text: string) => appendFile(path, `${text}\n`)

const postTo = (url: URL, apiKey: string | undefined) => async (body: string, signal: AbortSignal) => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
  }).catch((cause: unknown) => {
    throw new KedgeError('unavailable', { what: `${url.host} takes no lineage` }, { cause })
  })
  const text = await answer.text().catch(() => '')
  if (!answer.ok)
    throw new KedgeError('unavailable', {
      what: `${url.host} answered ${answer.status} to lineage: ${text.slice(0, 200)}`,
    })
}

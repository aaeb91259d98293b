import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const entry = new URL(`./copy-sqlite-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** Copies a SQLite database that is being written to, in a thread of its own; `to` must not exist. */
export async function copySqlite(from: string, to: string): Promise<void> {
  const worker = new Worker(entry, { workerData: { from, to } })
  await once(worker, 'message')
  await worker.terminate()
}

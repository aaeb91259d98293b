import { Worker } from 'node:worker_threads'
import { KedgeError } from '../../../errors.ts'

/** Has a thread of its own read features; it answers `{ made }` or `{ error }`. Errors: `features_unreadable`. */
export function readAside<Made>(entry: URL, source: string, workerData: unknown): Promise<Made> {
  const unreadable = (what: string, cause?: unknown) =>
    new KedgeError('features_unreadable', { source, what }, { cause })
  return new Promise<Made>((resolve, reject) => {
    const worker = new Worker(entry, { workerData })
    worker.once('message', (answer: { made: Made; error?: undefined } | { error: string }) => {
      if (answer.error === undefined) resolve(answer.made)
      else reject(unreadable(answer.error))
      void worker.terminate()
    })
    worker.once('error', (error) => reject(unreadable('the thread that read it failed', error)))
    worker.once('exit', () => reject(unreadable('the thread that read it ended')))
  })
}

/** The file of a thread, beside the one that names it. */
export const threadEntry = (name: string): URL =>
  new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

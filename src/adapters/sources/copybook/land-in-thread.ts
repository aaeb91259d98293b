import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { KedgeError } from '../../../errors.ts'
import type { LandRecords } from './land-records.ts'
import type { LandAnswer } from './land-records-thread.ts'

const entry = new URL(`./land-records-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** Decodes in a thread of its own, because a large file takes its time. Errors: `source_unreadable`, `cancelled`. */
export async function landInThread(works: readonly LandRecords[], signal?: AbortSignal): Promise<void> {
  const worker = new Worker(entry, { workerData: works })
  try {
    const [answer] = (await once(worker, 'message', signal ? { signal } : {})) as [LandAnswer]
    if (answer.ok) return
    if (answer.known)
      throw new KedgeError('source_unreadable', answer.known.details as { source: string; what: string }, {
        todo: answer.known.todo,
      })
    throw Object.assign(new Error(answer.message), { code: answer.code })
  } catch (error) {
    if (signal?.aborted) throw new KedgeError('cancelled', { what: 'Reading the records' }, { cause: error })
    throw error
  } finally {
    await worker.terminate()
  }
}

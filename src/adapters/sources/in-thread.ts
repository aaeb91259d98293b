import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { KedgeError } from '../../errors.ts'
import type { ThreadAnswer } from './thread-answer.ts'

export interface ThreadWork {
  /** the file that does it, by `answerWork` */
  entry: URL
  work: unknown
  /** for people, such as "Reading the file" */
  title: string
  /** of memory; the machine's when absent */
  gibibytes?: number
}

/** Does work in a thread of its own, because a large file takes its time. Errors: `source_unreadable`, `cancelled`. */
export async function inThread<Made>(
  { entry, work, title, gibibytes }: ThreadWork,
  signal: AbortSignal | undefined,
): Promise<Made> {
  const worker = new Worker(entry, {
    workerData: work,
    ...(gibibytes === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: gibibytes * 1024 } }),
  })
  try {
    const [answer] = (await once(worker, 'message', signal ? { signal } : {})) as [ThreadAnswer<Made>]
    if (answer.ok) return answer.made
    if (answer.known)
      throw new KedgeError('source_unreadable', answer.known.details as { source: string; what: string }, {
        todo: answer.known.todo,
      })
    throw Object.assign(new Error(answer.message), { code: answer.code })
  } catch (error) {
    if (signal?.aborted) throw new KedgeError('cancelled', { what: title }, { cause: error })
    if (gibibytes !== undefined && (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY')
      throw new KedgeError('source_unreadable', {
        source: '',
        what: `it needs more than ${gibibytes} GiB of memory to be read`,
      })
    throw error
  } finally {
    await worker.terminate()
  }
}

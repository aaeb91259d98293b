import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { KedgeError } from '../../../errors.ts'
import type { Conversion, ConversionAnswer, Converted } from './conversion.ts'

const entry = new URL(`./convert-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** Converts in a thread of its own, because a large file takes its time. Errors: `source_unreadable`, `cancelled`. */
export async function convertInThread(work: Conversion, signal?: AbortSignal): Promise<Converted> {
  const worker = new Worker(entry, { workerData: work, resourceLimits: { maxOldGenerationSizeMb: 2048 } })
  try {
    const [answer] = (await once(worker, 'message', signal ? { signal } : {})) as [ConversionAnswer]
    if (answer.ok) return answer.converted
    if (answer.details)
      throw new KedgeError(
        'source_unreadable',
        answer.details as { source: string; what: string },
        answer.todo ? { todo: answer.todo } : {},
      )
    throw Object.assign(new Error(answer.message), { code: answer.code })
  } catch (error) {
    if (signal?.aborted) throw new KedgeError('cancelled', { what: 'Reading the file' }, { cause: error })
    if ((error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY')
      throw new KedgeError('source_unreadable', { source: '', what: 'it needs more than 2 GiB of memory to be read' })
    throw error
  } finally {
    await worker.terminate()
  }
}

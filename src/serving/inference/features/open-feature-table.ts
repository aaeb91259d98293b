import { Worker } from 'node:worker_threads'
import type { FeatureLookup } from '../../../contracts/feature-lookup.ts'
import { KedgeError } from '../../../errors.ts'
import { createTableLookup, type FeatureTable } from './feature-table.ts'
import type { FeatureFile } from './read-feature-table.ts'

const entry = new URL(`./feature-table-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** Reads a file of features in a thread of its own. Errors: `features_unreadable`. */
export async function openFeatureTable(source: string, file: FeatureFile): Promise<FeatureLookup> {
  const unreadable = (what: string, cause?: unknown) =>
    new KedgeError('features_unreadable', { source, what }, { cause })
  const table = await new Promise<FeatureTable>((resolve, reject) => {
    const worker = new Worker(entry, { workerData: file })
    worker.once('message', (answer: { table: FeatureTable; error?: undefined } | { error: string }) => {
      if (answer.error === undefined) resolve(answer.table)
      else reject(unreadable(answer.error))
      void worker.terminate()
    })
    worker.once('error', (error) => reject(unreadable('the thread that read it failed', error)))
    worker.once('exit', () => reject(unreadable('the thread that read it ended')))
  })
  return createTableLookup(source, table)
}

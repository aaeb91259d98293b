/** The entry of a thread that reads one table of features: callers wait for nothing meanwhile. */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { asKedgeError } from '../../../errors.ts'
import { buffersOf } from './feature-table.ts'
import { type FeatureFile, readFeatureTable } from './read-feature-table.ts'

// predictions go first. 0 is the calling thread on Linux alone.
if (process.platform === 'linux')
  try {
    setPriority(0, 10)
  } catch {
    // not allowed: it takes its share like all others
  }

try {
  const table = await readFeatureTable(workerData as FeatureFile)
  parentPort!.postMessage({ made: table }, buffersOf(table))
} catch (error) {
  const known = asKedgeError(error)
  parentPort!.postMessage({ error: known.class === 'internal' ? String(error) : known.message })
}

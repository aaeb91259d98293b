/** The entry of a thread that reads the base of a view: callers wait for nothing meanwhile. */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { asKedgeError } from '../../../errors.ts'
import { readViewBase, type ViewBase } from './read-view-base.ts'
import { buffersOfRows } from './view-rows.ts'

// predictions go first. 0 is the calling thread on Linux alone.
if (process.platform === 'linux')
  try {
    setPriority(0, 10)
  } catch {
    // not allowed: it takes its share like all others
  }

try {
  const parts = await readViewBase(workerData as ViewBase)
  parentPort!.postMessage({ made: parts }, buffersOfRows(parts))
} catch (error) {
  const known = asKedgeError(error)
  parentPort!.postMessage({ error: known.class === 'internal' ? String(error) : known.message })
}

import { parentPort, workerData } from 'node:worker_threads'
import { KedgeError } from '../../../errors.ts'
import { type LandRecords, landRecords } from './land-records.ts'

export type LandAnswer =
  | { ok: true }
  | {
      ok: false
      message: string
      code?: string | undefined
      known?: { details: Record<string, unknown>; todo: string }
    }

const answer = (value: LandAnswer) => parentPort!.postMessage(value)
try {
  let written = 0
  for (const work of workerData as LandRecords[]) {
    written += landRecords(work)
    if (work.rows !== undefined && written >= work.rows) break
  }
  answer({ ok: true })
} catch (error) {
  const { message, code } = error as { message: string; code?: string }
  // an error loses its class on its way between threads
  const known = error instanceof KedgeError ? { details: { ...error.details }, todo: error.todo } : undefined
  answer({ ok: false, message, code, ...(known ? { known } : {}) })
}

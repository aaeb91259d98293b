import { parentPort, workerData } from 'node:worker_threads'
import { KedgeError } from '../../errors.ts'

export type ThreadAnswer<Made> =
  | { ok: true; made: Made }
  | {
      ok: false
      message: string
      code?: string | undefined
      known?: { details: Record<string, unknown>; todo: string }
    }

/** Does the work that this thread was started for by `inThread`, and tells what came of it. */
export async function answerWork<Work, Made>(does: (work: Work) => Made | Promise<Made>): Promise<void> {
  const answer = (value: ThreadAnswer<Made>) => parentPort!.postMessage(value)
  try {
    answer({ ok: true, made: await does(workerData as Work) })
  } catch (error) {
    const { message, code } = error as { message: string; code?: string }
    // an error loses its class on its way between threads
    const known = error instanceof KedgeError ? { details: { ...error.details }, todo: error.todo } : undefined
    answer({ ok: false, message, code, ...(known ? { known } : {}) })
  }
}

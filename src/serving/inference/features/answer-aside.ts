import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { asKedgeError } from '../../../errors.ts'

/** In the thread that `readAside` starts: answers with what is made, whose buffers go along. Callers wait for nothing meanwhile. */
export async function answerAside<Given, Made>(
  make: (given: Given) => Promise<Made>,
  buffersOf: (made: Made) => ArrayBuffer[],
): Promise<void> {
  // predictions go first. 0 is the calling thread on Linux alone.
  if (process.platform === 'linux')
    try {
      setPriority(0, 10)
    } catch {
      // not allowed: it takes its share like all others
    }
  try {
    const made = await make(workerData as Given)
    parentPort!.postMessage({ made }, buffersOf(made))
  } catch (error) {
    const known = asKedgeError(error)
    parentPort!.postMessage({ error: known.class === 'internal' ? String(error) : known.message })
  }
}

/** The entry of a thread that runs heavy ONNX models, one call after the other. */
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { type Feed, type OnnxSession, openSession } from './onnx-session.ts'

export type ThreadRequest =
  | { id: number; do: 'open'; model: number; path: string; threads: number }
  | {
      id: number
      do: 'run'
      model: number
      path: string
      threads: number
      feeds: Record<string, Feed>
      fetches?: readonly string[] | undefined
    }
  | { id: number; do: 'close'; model: number }

export type ThreadAnswer =
  | {
      id: number
      value: { inputs?: OnnxSession['inputs']; outputs?: OnnxSession['outputs']; results?: Record<string, Feed> }
    }
  | { id: number; error: string }

// light models and the protocols run in the main thread: they go first. 0 is the calling thread on Linux alone.
if (process.platform === 'linux')
  try {
    setPriority(0, 5)
  } catch {
    // where it is not allowed, all are equal
  }

const sessions = new Map<number, Promise<OnnxSession>>()

function sessionOf({ model, path, threads }: { model: number; path: string; threads: number }): Promise<OnnxSession> {
  let session = sessions.get(model)
  if (!session) {
    session = openSession(path, threads)
    sessions.set(model, session)
    session.catch(() => sessions.delete(model))
  }
  return session
}

async function answer(request: ThreadRequest): Promise<Extract<ThreadAnswer, { value: unknown }>['value']> {
  if (request.do === 'close') {
    const session = sessions.get(request.model)
    sessions.delete(request.model)
    await (await session)?.close()
    return {}
  }
  const session = await sessionOf(request)
  if (request.do === 'open') return { inputs: session.inputs, outputs: session.outputs }
  return { results: await session.run(request.feeds, request.fetches) }
}

let last = Promise.resolve()
parentPort!.on('message', (request: ThreadRequest) => {
  last = last.then(async () => {
    try {
      const value = await answer(request)
      parentPort!.postMessage({ id: request.id, value } satisfies ThreadAnswer)
    } catch (error) {
      parentPort!.postMessage({ id: request.id, error: (error as Error).message } satisfies ThreadAnswer)
    }
  })
})

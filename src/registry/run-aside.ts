import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, KedgeError } from '../errors.ts'
import { asideEnvironment } from './aside-environment.ts'

/** The built package has the entries as JavaScript beside this file. */
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'

export interface AsideOptions {
  signal: AbortSignal
  /** gets the lines that the process prints */
  print(line: string): void
  /** MiB of memory for JavaScript */
  memory?: number
}

type Answer<Result> = { result: Result } | { error: { code: string; details: Record<string, unknown>; todo: string } }

/** Asks the process of a file beside this one. `what` it does is for the error. Errors: its own; `unavailable` when it dies. */
export function runAside<Result>(
  file: 'score-process' | 'convert-process',
  what: string,
  request: object,
  options: AsideOptions,
): Promise<Result> {
  options.signal.throwIfAborted()
  const entry = fileURLToPath(new URL(`./${file}${extension}`, import.meta.url))
  const child = spawn(process.execPath, [`--max-old-space-size=${options.memory ?? 3072}`, entry], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: asideEnvironment(process.env),
  })
  for (const stream of [child.stdout!, child.stderr!]) createInterface({ input: stream }).on('line', options.print)
  const stop = () => child.kill('SIGKILL')
  options.signal.addEventListener('abort', stop)
  return new Promise<Result>((resolve, reject) => {
    let answered = false
    child.once('message', (answer: Answer<Result>) => {
      answered = true
      if ('result' in answer) resolve(answer.result)
      else reject(new KedgeError(answer.error.code as ErrorCode, answer.error.details, { todo: answer.error.todo }))
    })
    child.once('error', (cause) =>
      reject(new KedgeError('unavailable', { what: `The process that ${what} cannot be started` }, { cause })),
    )
    child.once('exit', (code, signal) => {
      options.signal.removeEventListener('abort', stop)
      if (!answered)
        reject(
          new KedgeError('unavailable', {
            what: `The process that ${what} ended with ${signal ? `signal ${signal}` : `exit code ${code}`}`,
          }),
        )
    })
    child.send(request)
  })
}

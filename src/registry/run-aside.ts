import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, KedgeError } from '../errors.ts'

/** The built package has the entries as JavaScript beside this file. */
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'

/** With the settings that reach an installer of Python packages. */
const passedOn =
  /^(PATH|HOME|TMPDIR|KEDGE_PYTHON|KEDGE_MODEL_HOSTS|PIP_.*|UV_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|XDG_.*)$/

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
    // what it needs of the environment: no secrets
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => passedOn.test(name))),
      LANG: 'C.UTF-8',
      TZ: 'UTC',
    },
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

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, KedgeError } from '../errors.ts'
import type { ScoringAnswer, ScoringRequest, ScoringResult } from './scoring.ts'

/** The built package has the entry as JavaScript beside this file. */
const entry = fileURLToPath(
  new URL(`./score-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)

/** With the settings that reach an installer of Python packages. */
const passedOn =
  /^(PATH|HOME|TMPDIR|KEDGE_PYTHON|KEDGE_MODEL_HOSTS|PIP_.*|UV_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|XDG_.*)$/

export interface ScoringOptions {
  signal: AbortSignal
  /** gets the lines that the process prints */
  print(line: string): void
  /** MiB of memory for JavaScript */
  memory?: number
}

/** Scores in a process of its own. Errors: the scoring's own; `unavailable` when the process dies. */
export function runScoring(request: ScoringRequest, options: ScoringOptions): Promise<ScoringResult> {
  options.signal.throwIfAborted()
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
  return new Promise<ScoringResult>((resolve, reject) => {
    let answered = false
    child.once('message', (answer: ScoringAnswer) => {
      answered = true
      if ('result' in answer) resolve(answer.result)
      else reject(new KedgeError(answer.error.code as ErrorCode, answer.error.details, { todo: answer.error.todo }))
    })
    child.once('error', (cause) =>
      reject(
        new KedgeError('unavailable', { what: 'The process that scores for the gate cannot be started' }, { cause }),
      ),
    )
    child.once('exit', (code, signal) => {
      options.signal.removeEventListener('abort', stop)
      if (!answered)
        reject(
          new KedgeError('unavailable', {
            what: `The process that scores for the gate ended with ${signal ? `signal ${signal}` : `exit code ${code}`}`,
          }),
        )
    })
    child.send(request)
  })
}

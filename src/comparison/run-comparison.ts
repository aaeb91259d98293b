import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, KedgeError } from '../errors.ts'
import { compareInThisProcess } from './compare-in-this-process.ts'
import type { Comparison } from './comparison.ts'
import type { TablesRequest } from './tables-request.ts'

export type CompareAnswer = { comparison: Comparison } | { error: { code: string; details: Record<string, unknown> } }

/** The built package has the entry as JavaScript beside this file. */
const entry = fileURLToPath(
  new URL(`./compare-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)
/** MiB of memory for JavaScript; thousands of columns need them. */
const MEMORY = 4096

/**
 * Compares two files: here where they are plain, else with the engine in a process of its own. Errors: those of
 * `compareTables`; `table_unreadable` when the process dies of them; `cancelled`.
 */
export async function runComparison(request: TablesRequest, signal: AbortSignal): Promise<Comparison> {
  const plain = await compareInThisProcess(request)
  if (signal.aborted) throw new KedgeError('cancelled', { what: 'The comparison' })
  return plain ?? compareInChild(request, signal)
}

/** So that a file that breaks the engine breaks nothing else. */
function compareInChild(request: TablesRequest, signal: AbortSignal): Promise<Comparison> {
  // however the process ends, what it has written goes
  const folder = mkdtempSync(join(tmpdir(), 'kedge-check-'))
  const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY}`, '--max-semi-space-size=8', entry], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: folder,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
    },
  })
  let said = ''
  child.stderr!.on('data', (piece) => {
    said = `${said}${piece}`.slice(-4000)
  })
  const stop = () => child.kill('SIGKILL')
  signal.addEventListener('abort', stop)
  const comparison = new Promise<Comparison>((resolve, reject) => {
    child.once('message', (answer: CompareAnswer) => {
      if ('comparison' in answer) resolve(answer.comparison)
      else reject(new KedgeError(answer.error.code as ErrorCode, answer.error.details, { cause: new Error(said) }))
    })
    child.once('error', (cause) =>
      reject(new KedgeError('unavailable', { what: 'The process that compares files cannot be started' }, { cause })),
    )
    child.once('exit', (code, by) => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) return reject(new KedgeError('cancelled', { what: 'The comparison' }))
      reject(
        new KedgeError(
          'table_unreadable',
          {
            file: `${request.reference} with ${request.current}`,
            what: /heap limit|out of memory/i.test(said)
              ? 'it takes more memory than there is; name fewer columns with --columns'
              : `the engine that read them ended with ${by ? `signal ${by}` : `exit code ${code}`}`,
          },
          { cause: new Error(said) },
        ),
      )
    })
    child.send(request)
  })
  return comparison.finally(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
}

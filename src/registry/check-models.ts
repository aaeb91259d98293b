import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Environment } from '../environment.ts'
import { type ErrorCode, KedgeError } from '../errors.ts'
import { createModelFolders } from './model-folders.ts'

export interface CheckRequest {
  folder: string
  kind: string
}

export type CheckAnswer = { error?: { code: string; details: Record<string, unknown> } }

export interface CheckLimits {
  /** milliseconds */
  time?: number
  /** bytes of data */
  memory?: number
}

/** The built package has the entry as JavaScript beside this file. */
const entry = fileURLToPath(
  new URL(`./check-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)
/** Of what Kedge itself holds in its process, the files alone say nothing about the others. */
const checked: ReadonlySet<string> = new Set(['onnx'])
const remembered = 1000
const limiter = promisify(execFile)('prlimit', ['--version']).then(
  () => true,
  () => false,
)

export type CheckModel = (digest: string | null, kind: string | null) => Promise<void>

/**
 * Refuses what is registered when it cannot be loaded, in a process of its own under limits of time and memory.
 * Errors: `model_unloadable` with what is wrong.
 */
export function createModelChecks(
  environment: Pick<Environment, 'blobs' | 'dataDirectory'>,
  limits: CheckLimits = {},
): CheckModel {
  const folderOf = createModelFolders(environment)
  const passed = new Set<string>()
  return async (digest, kind) => {
    if (digest === null || kind === null || !checked.has(kind) || passed.has(digest)) return
    await checkFolder({ folder: await folderOf(digest), kind }, limits)
    passed.add(digest)
    if (passed.size > remembered) passed.delete(passed.values().next().value!)
  }
}

/** Errors: `model_unloadable`. */
export async function checkFolder(
  request: CheckRequest,
  { time = 60_000, memory = 6 * 2 ** 30 }: CheckLimits = {},
): Promise<void> {
  const command = [process.execPath, '--max-old-space-size=1024', entry]
  if (await limiter) command.unshift('prlimit', '--core=0', `--data=${memory}`, `--cpu=${Math.ceil(time / 1000) * 2}`)
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, LANG: 'C.UTF-8', TZ: 'UTC' },
  })
  let said = ''
  child.stderr!.on('data', (piece) => {
    said = `${said}${piece}`.slice(-2000)
  })
  const answer = await new Promise<CheckAnswer>((resolve, reject) => {
    const refuse = (what: string) => reject(new KedgeError('model_unloadable', { what }))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      refuse(`loading it takes longer than ${time / 1000} s`)
    }, time)
    child.once('message', (message: CheckAnswer) => {
      clearTimeout(timer)
      resolve(message)
    })
    child.once('error', (cause) => {
      clearTimeout(timer)
      reject(new KedgeError('unavailable', { what: 'The process that checks models cannot be started' }, { cause }))
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      const memoryOver = /bad_alloc|out of memory|heap limit|Cannot allocate/i.test(said)
      refuse(
        memoryOver
          ? `loading it takes more than ${Math.round(memory / 2 ** 20)} MiB of memory`
          : `the process that loaded it to look at it ended with ${signal ? `signal ${signal}` : `exit code ${code}`}`,
      )
    })
    child.send(request, () => {}) // a child that is gone already is told of by its exit
  })
  if (answer.error) throw new KedgeError(answer.error.code as ErrorCode, answer.error.details)
}

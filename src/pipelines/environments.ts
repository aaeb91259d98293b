import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Executor, StepOutcome } from '../contracts/executor.ts'
import { KedgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { findPython, type Python } from './find-python.ts'
import { findUv } from './find-uv.ts'
import { installerSettings } from './installer-settings.ts'
import { checkLockFile } from './lock-file.ts'
import { shellWord } from './shell-word.ts'

/** A Python environment that is whole and ready. */
export interface PreparedEnvironment {
  digest: string
  /** absolute path of the virtual environment */
  path: string
  /** absolute paths that a step must be able to read to use it */
  readable: string[]
  /** what a step needs in its environment to use it; `PATH` is put in front of its own */
  env: { VIRTUAL_ENV: string; PATH: string }
}

export interface PrepareOptions {
  signal: AbortSignal
  /** what the installer says, for the step's log */
  onOutput(chunk: Buffer): void
}

export interface Environments {
  /** The version of Python that environments are made of. Errors: `python_missing`. */
  python(): Promise<string>
  /** Digest of what `prepare` gives for this lock file; builds nothing. Errors: `invalid_input`, `python_missing`. */
  digest(name: string, lock: string): Promise<string>
  /** The environment of a lock file, built at its first use. Errors: also `environment_failed`, `cancelled`. */
  prepare(name: string, lock: string, options: PrepareOptions): Promise<PreparedEnvironment>
  /** Compiles the environment's modules in the background, once, so that its next use starts faster. */
  compileLater(environment: PreparedEnvironment): void
  stop(): Promise<void>
}

export interface EnvironmentsOptions {
  /** absolute path of the folder with all environments */
  folder: string
  /** runs the installers: with limits, and not beyond this process's own end */
  executor: Executor
  environment: Record<string, string | undefined>
  log: Logger
  /** which installers may be tried, in this order; uv and then pip when absent */
  installers?: readonly ('uv' | 'pip')[]
}

const abandonedAfter = 3_600_000
const limits = { cpus: 1024, memoryBytes: 8 * 2 ** 30, timeoutMs: 1_800_000, outputBytes: 4 * 2 ** 20 }

interface Build {
  listeners: Set<PrepareOptions>
  abort: AbortController
  said: Buffer[]
  done: Promise<PreparedEnvironment>
}

/**
 * Environments under `folder`, one for each digest of lock file, Python version and platform. Each build has a folder of
 * its own and becomes the environment when a file `current` names it, by renaming: so a build that dies leaves nothing
 * that is taken for whole, and two at once do no harm.
 */
export function createEnvironments(options: EnvironmentsOptions): Environments {
  const { folder, executor, log } = options
  const installers = options.installers ?? ['uv', 'pip']
  const builds = new Map<string, Build>()
  const compiling = new Map<string, Promise<unknown>>()
  const stopping = new AbortController()
  let python: Promise<Python> | undefined
  const getPython = () => {
    // a Python that was missing may have been installed since
    python ??= findPython(options.environment).catch((error) => {
      python = undefined
      throw error
    })
    return python
  }

  async function digestOf(name: string, lock: string) {
    checkLockFile(name, lock)
    const { version, path } = await getPython()
    return createHash('sha256')
      .update(JSON.stringify([1, lock, version, path, process.platform, process.arch]))
      .digest('hex')
  }

  const prepared = (digest: string, build: string): PreparedEnvironment => {
    const path = join(folder, digest, build)
    return { digest, path, readable: [path], env: { VIRTUAL_ENV: path, PATH: join(path, 'bin') } }
  }

  async function current(digest: string): Promise<string | undefined> {
    try {
      const name = (await readFile(join(folder, digest, 'current'), 'utf8')).trim()
      await stat(join(folder, digest, name, 'bin', 'python'))
      return name
    } catch {
      return undefined
    }
  }

  const execute = async (
    command: string,
    at: string,
    env: Record<string, string>,
    signal: AbortSignal,
    onOutput: (chunk: Buffer) => void,
  ): Promise<StepOutcome> =>
    executor.run(
      {
        name: `environment/${at}/${randomBytes(4).toString('hex')}`,
        command,
        folder: at,
        env,
        readable: [],
        hidden: [],
        network: 'all',
        serverPort: undefined,
        limits,
      },
      { signal, onOutput },
    )

  async function build(
    digest: string,
    name: string,
    lock: string,
    signal: AbortSignal,
    say: (text: string | Buffer) => void,
  ): Promise<PreparedEnvironment> {
    const found = await getPython()
    const there = await current(digest)
    if (there) return prepared(digest, there)
    const started = performance.now()
    const { hashed } = checkLockFile(name, lock)
    await mkdir(join(folder, digest), { recursive: true })
    await removeAbandoned(join(folder, digest))
    const own = randomBytes(6).toString('hex')
    const at = join(folder, digest, own)
    const lockPath = join(folder, digest, `${own}.lock`)
    await writeFile(lockPath, lock)
    const env = await installerSettings(found, options.environment)
    say(`[kedge] building the environment of ${name} with Python ${found.version}, once for this lock file\n`)
    try {
      for (const installer of installers) {
        await rm(at, { recursive: true, force: true })
        let command: string
        if (installer === 'uv') {
          const uv = await findUv(
            join(folder, 'tools'),
            found,
            (command, at, onOutput) => execute(command, at, env, signal, onOutput),
            signal,
            say,
          )
          if (!uv) continue
          const run = uv === 'uv' ? 'uv' : shellWord(uv)
          command = `${run} venv -q --python ${shellWord(found.path)} ${shellWord(at)} && ${run} pip install --python ${shellWord(join(at, 'bin', 'python'))} ${hashed ? '--require-hashes ' : ''}-r ${shellWord(lockPath)}`
        } else {
          if (!found.hasVenv) continue
          command = `${shellWord(found.path)} -m venv ${shellWord(at)} && ${shellWord(join(at, 'bin', 'python'))} -m pip install ${hashed ? '--require-hashes ' : ''}-r ${shellWord(lockPath)}`
        }
        const outcome = await execute(command, join(folder, digest), env, signal, say)
        if (signal.aborted) throw new KedgeError('cancelled', { what: `Building the environment of ${name}` })
        if (outcome.exitCode === 0) {
          await writeFile(join(folder, digest, `${own}.current`), own, { flush: true })
          await rename(join(folder, digest, `${own}.current`), join(folder, digest, 'current'))
          say(`[kedge] the environment is ready after ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
          return prepared(digest, own)
        }
        say(`[kedge] ${installer} could not build it (${outcome.reason}, exit code ${outcome.exitCode})\n`)
      }
      throw new KedgeError('environment_failed', { lock: name })
    } catch (error) {
      await rm(at, { recursive: true, force: true }).catch(() => {})
      throw error
    } finally {
      await rm(lockPath, { force: true }).catch(() => {})
    }
  }

  /** What builds that died have left. */
  async function removeAbandoned(directory: string) {
    for (const entry of await readdir(directory)) {
      const path = join(directory, entry)
      const info = await stat(path).catch(() => undefined)
      if (info && Date.now() - info.mtimeMs > abandonedAfter) await rm(path, { recursive: true, force: true })
    }
  }

  function begin(digest: string, name: string, lock: string): Build {
    const abort = new AbortController()
    const listeners = new Set<PrepareOptions>()
    const said: Buffer[] = []
    const say = (text: string | Buffer) => {
      const chunk = Buffer.from(text)
      said.push(chunk)
      for (const listener of listeners) listener.onOutput(chunk)
    }
    const done = build(digest, name, lock, AbortSignal.any([abort.signal, stopping.signal]), say).finally(() => {
      if (builds.get(digest)?.abort === abort) builds.delete(digest)
    })
    done.catch(() => {})
    return { listeners, abort, said, done }
  }

  return {
    python: async () => (await getPython()).version,
    digest: digestOf,
    async prepare(name, lock, listener) {
      const digest = await digestOf(name, lock)
      let shared = builds.get(digest)
      if (!shared) {
        shared = begin(digest, name, lock)
        builds.set(digest, shared)
      }
      const { listeners, abort, said, done } = shared
      for (const chunk of said) listener.onOutput(chunk)
      listeners.add(listener)
      let gone!: () => void
      const cancelled = new Promise<never>((_, reject) => {
        gone = () => reject(new KedgeError('cancelled', { what: `Building the environment of ${name}` }))
      })
      if (listener.signal.aborted) gone()
      listener.signal.addEventListener('abort', gone)
      try {
        return await Promise.race([done, cancelled])
      } finally {
        listener.signal.removeEventListener('abort', gone)
        listeners.delete(listener)
        if (listeners.size === 0) {
          // nobody waits for it any more; whoever comes now begins anew
          if (builds.get(digest) === shared) builds.delete(digest)
          abort.abort()
        }
      }
    },
    compileLater({ digest, path }) {
      if (compiling.has(digest) || stopping.signal.aborted) return
      const mark = join(path, '.compiled')
      const compile = async () => {
        if (await stat(mark).catch(() => undefined)) return
        const env = { PATH: join(path, 'bin'), LANG: 'C.UTF-8' }
        const command = `exec nice -n 19 ${shellWord(join(path, 'bin', 'python'))} -m compileall -q lib`
        const run = await executor.run(
          {
            name: `compile/${path}`,
            command: `PATH=$PATH:/usr/bin:/bin ${command}`,
            folder: path,
            env,
            readable: [],
            hidden: [],
            network: 'none',
            serverPort: undefined,
            limits: { ...limits, cpus: 1 },
          },
          { signal: stopping.signal, onOutput() {} },
        )
        // modules for another Python do not compile, which harms nothing
        if (run.reason === 'exit') await writeFile(mark, '')
      }
      compiling.set(
        digest,
        compile().catch((error) => log.warn({ err: error }, 'an environment could not be compiled')),
      )
    },
    async stop() {
      stopping.abort()
      await Promise.allSettled([...compiling.values(), ...[...builds.values()].map((one) => one.done)])
    },
  }
}

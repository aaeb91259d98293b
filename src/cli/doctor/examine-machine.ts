import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { asKedgeError } from '../../errors.ts'
import { findPython } from '../../pipelines/find-python.ts'
import { bytes } from '../readable.ts'

export interface Check {
  name: string
  /** absent: only a part that is not always needed lacks it */
  state: 'ok' | 'absent' | 'missing'
  found: string
  todo?: string
}

const run = promisify(execFile)
const require = createRequire(import.meta.url)

/** Looks for everything that Kedge and its parts need on this machine. Changes nothing. */
export async function examineMachine(options: {
  environment: Record<string, string | undefined>
  dataDirectory: string
}): Promise<Check[]> {
  return Promise.all([
    node(),
    python(options.environment),
    sandbox(),
    limits(),
    ...['better-sqlite3', 'chdb', 'onnxruntime-node'].map(nativePackage),
    data(options.dataDirectory),
    memory(),
    port(4700),
  ])
}

async function node(): Promise<Check> {
  const major = Number(process.versions.node.split('.')[0])
  return major >= 24
    ? { name: 'Node', state: 'ok', found: process.version }
    : {
        name: 'Node',
        state: 'missing',
        found: process.version,
        todo: 'Node 24 comes with `npm install`; or get it from nodejs.org.',
      }
}

async function python(environment: Record<string, string | undefined>): Promise<Check> {
  const name = 'Python for pipeline steps and MLflow models'
  try {
    const found = await findPython(environment)
    return { name, state: 'ok', found: `${found.version} at ${found.path}` }
  } catch (error) {
    const { message, todo } = asKedgeError(error)
    return { name, state: 'absent', found: message, todo }
  }
}

async function sandbox(): Promise<Check> {
  const name = 'Sandbox of pipeline steps'
  try {
    await run('bwrap', ['--ro-bind', '/', '/', '--unshare-pid', 'true'], { timeout: 10_000 })
    return { name, state: 'ok', found: 'bubblewrap works' }
  } catch (error) {
    const absent = (error as { code?: unknown }).code === 'ENOENT'
    return {
      name,
      state: 'absent',
      found: absent
        ? 'bubblewrap is not installed: steps run as plain processes with limits'
        : 'bubblewrap may not make namespaces here: steps run as plain processes with limits',
      ...(absent ? { todo: 'Debian: apt-get install bubblewrap' } : {}),
    }
  }
}

async function limits(): Promise<Check> {
  const name = 'Limits of pipeline steps'
  try {
    await run('prlimit', ['--version'], { timeout: 10_000 })
    return { name, state: 'ok', found: 'prlimit works' }
  } catch {
    return {
      name,
      state: 'absent',
      found: 'prlimit is not installed: memory is watched instead of limited',
      todo: 'Debian: apt-get install util-linux',
    }
  }
}

async function nativePackage(name: string): Promise<Check> {
  try {
    const version = (require(`${name}/package.json`) as { version: string }).version
    // loading happens in a process of its own, because a library that does not fit may end it
    await run(process.execPath, ['-e', `require(${JSON.stringify(require.resolve(name))})`], { timeout: 60_000 })
    return { name, state: 'ok', found: version }
  } catch (error) {
    const message =
      String((error as { stderr?: string }).stderr || (error as Error).message)
        .trim()
        .split('\n')
        .find((line) => /error|cannot|not/i.test(line)) ?? 'it cannot be loaded'
    return {
      name,
      state: 'missing',
      found: message.slice(0, 200),
      todo: 'Run `npm install` again on this machine; it has a library of its own for each system.',
    }
  }
}

async function data(directory: string): Promise<Check> {
  const path = resolve(directory)
  const name = `Data directory ${path}`
  let there = path
  while (
    !(await access(there).then(
      () => true,
      () => false,
    )) &&
    there !== resolve(there, '..')
  )
    there = resolve(there, '..')
  try {
    await access(there, constants.W_OK)
  } catch {
    return {
      name,
      state: 'missing',
      found: `${there} cannot be written`,
      todo: 'Choose another with --data, or change its owner.',
    }
  }
  const disk = await statfs(there)
  const free = disk.bavail * disk.bsize
  return free > 2 * 2 ** 30
    ? { name, state: 'ok', found: `${bytes(free)} free` }
    : { name, state: 'missing', found: `only ${bytes(free)} free`, todo: 'Free some space; 2 GiB is a start.' }
}

async function memory(): Promise<Check> {
  const total = totalmem()
  return total >= 1.5 * 2 ** 30
    ? { name: 'Memory', state: 'ok', found: bytes(total) }
    : {
        name: 'Memory',
        state: 'absent',
        found: bytes(total),
        todo: 'The events engine wants 1 GiB for itself; give it a ClickHouse elsewhere with --events.',
      }
}

function port(number: number): Promise<Check> {
  const name = `Port ${number}`
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () =>
      done({
        name,
        state: 'absent',
        found: 'in use',
        todo: 'Another Kedge may run already; else choose another with --port.',
      }),
    )
    server.listen(number, '127.0.0.1', () => server.close(() => done({ name, state: 'ok', found: 'free' })))
  })
}

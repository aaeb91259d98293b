import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const python = process.env.KEDGE_PYTHON ?? 'python3'
const abandoned = 15 * 60_000

/**
 * A Python environment with exactly what a lock file (`name==version` a line) names, built once a machine and shared by
 * all tests that use the same lock. Returns the path of its interpreter.
 */
export async function pythonEnvironment(lockFile: string): Promise<string> {
  const lock = readFileSync(lockFile, 'utf8')
  const root = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kedge-tests')
  const version = (await run(python, ['--version'])).trim()
  const directory = join(root, createHash('sha256').update(`${version}\n${lock}`).digest('hex').slice(0, 16))
  const interpreter = join(directory, 'bin', 'python')
  const ready = join(directory, 'ready')
  const guard = `${directory}.building`
  mkdirSync(root, { recursive: true })
  while (!existsSync(ready)) {
    if (!takeGuard(guard)) {
      await new Promise((done) => setTimeout(done, 500))
      continue
    }
    try {
      if (existsSync(ready)) break
      rmSync(directory, { recursive: true, force: true })
      await run(python, ['-m', 'venv', directory])
      await installLock(root, interpreter, lockFile)
      writeFileSync(ready, '')
    } finally {
      rmSync(guard, { recursive: true, force: true })
    }
  }
  return interpreter
}

const uvVersion = '0.13.9'

/** uv installs ninety packages in 10 s where pip takes 80 s; where it cannot be had, pip does. */
async function installLock(root: string, interpreter: string, lockFile: string) {
  const quiet = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  const uv = join(root, `uv-${uvVersion}`)
  try {
    if (!existsSync(join(uv, 'bin', 'uv'))) await run(interpreter, [...quiet, '--prefix', uv, `uv==${uvVersion}`])
    await run(join(uv, 'bin', 'uv'), ['pip', 'install', '--quiet', '--python', interpreter, '--requirement', lockFile])
  } catch (error) {
    process.stderr.write(`uv could not install ${lockFile} (${String(error).slice(0, 300)}); pip does.\n`)
    await run(interpreter, [...quiet, '--requirement', lockFile])
  }
}

/** Runs a script in an environment to its end and returns what it printed. Throws with its output when it fails. */
export function runPython(
  interpreter: string,
  script: string,
  environment: Record<string, string> = {},
): Promise<string> {
  return run(interpreter, ['-c', script], environment)
}

/** The same for a script that is a file, with what it is given. */
export const runPythonFile = (interpreter: string, path: string, ...given: string[]): Promise<string> =>
  run(interpreter, [path, ...given])

/** One process builds at a time; a guard whose owner died is taken over. */
function takeGuard(guard: string): boolean {
  try {
    mkdirSync(guard)
    return true
  } catch {
    const age = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > abandoned) rmSync(guard, { recursive: true, force: true })
    return false
  }
}

function run(command: string, parameters: string[], environment: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let errors = ''
    child.stdout.on('data', (piece) => {
      output += piece
    })
    child.stderr.on('data', (piece) => {
      errors += piece
    })
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0
        ? resolve(output)
        : reject(
            new Error(
              `${command} ${parameters[0]} ended with ${code}:\n${output.slice(-2000)}\n${errors.slice(-6000)}`,
            ),
          ),
    )
  })
}

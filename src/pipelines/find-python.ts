import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { KedgeError } from '../errors.ts'

export interface Python {
  /** absolute path */
  path: string
  /** `3.11.7` */
  version: string
  /** whether its own pip can be called */
  hasPip: boolean
  /** whether it can make environments by itself */
  hasVenv: boolean
}

const run = promisify(execFile)
const oldest = [3, 9]
const names = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.9']
const question = `import json, sys, importlib.util as i
has = lambda name: i.find_spec(name) is not None
print(json.dumps({"path": sys.executable, "version": ".".join(map(str, sys.version_info[:3])), "hasPip": has("pip"), "hasVenv": has("venv") and has("ensurepip")}))`

/** The Python that `KEDGE_PYTHON` names, or the first that is new enough. Errors: `python_missing`. */
export async function findPython(environment: Record<string, string | undefined>): Promise<Python> {
  const own = environment.KEDGE_PYTHON
  for (const name of own ? [own] : names) {
    try {
      const { stdout } = await run(name, ['-c', question], { timeout: 20_000 })
      const found = JSON.parse(stdout) as Python
      const [major = 0, minor = 0] = found.version.split('.').map(Number)
      if (major === oldest[0] && minor >= oldest[1]! && (found.hasVenv || found.hasPip)) return found
    } catch {
      // not there, or not a Python that works
    }
  }
  throw new KedgeError('python_missing')
}

import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { access, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { KedgeError } from '../../../errors.ts'
import { condaRequirements, modelRequirements } from './model-requirements.ts'

const run = promisify(execFile)
const patience = 30 * 60_000

/** Settings of the installers that reach pip; nothing else of the environment does. */
const passedOn =
  /^(PATH|HOME|TMPDIR|LANG|PIP_.*|UV_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|XDG_.*)$/

/**
 * The interpreter of an environment with what the model folder names (requirements.lock, requirements.txt or the pip part of
 * conda.yaml, in this order) and with `more`, built at its first use and shared
 * by all models with the same. Each build has a folder of its own; a link, made last, names the one that is whole.
 * Errors: `python_missing`, `model_unloadable` when it cannot be built.
 */
export async function modelEnvironment(
  folder: string,
  root: string | undefined,
  print: (line: string) => void,
  more: readonly string[] = [],
): Promise<string> {
  const python = process.env.KEDGE_PYTHON ?? 'python3'
  const text = await declaredRequirements(folder)
  if (text === undefined && more.length === 0) return python
  const version = await run(python, ['--version']).then(
    ({ stdout }) => stdout.trim(),
    (cause) => {
      throw new KedgeError('python_missing', {}, { cause })
    },
  )
  const requirements = [...modelRequirements(text ?? ''), ...more]
  const digest = createHash('sha256')
    .update(JSON.stringify([version, process.platform, process.arch, requirements]))
    .digest('hex')
  const base = join(
    root ??
      process.env.KEDGE_ENVIRONMENTS ??
      join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kedge', 'environments'),
    digest.slice(0, 32),
  )
  const current = join(base, 'current')
  const interpreter = join(current, 'bin', 'python')
  if (await there(interpreter)) return interpreter
  const own = randomBytes(6).toString('hex')
  const at = join(base, own)
  await mkdir(base, { recursive: true })
  print(`building the environment of the model: ${requirements.join(' ')}`)
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => passedOn.test(name)))
  try {
    await run(python, ['-m', 'venv', at], { env, timeout: patience })
    const list = join(at, 'requirements.txt')
    await writeFile(list, `${requirements.join('\n')}\n`)
    await run(
      join(at, 'bin', 'python'),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', list],
      { env, timeout: patience, maxBuffer: 2 ** 26 },
    )
    await symlink(own, current).catch(async (error) => {
      // another process was faster: its environment is as good
      if (!(await stat(current).catch(() => undefined))) throw error
      await rm(at, { recursive: true, force: true })
    })
    return interpreter
  } catch (cause) {
    await rm(at, { recursive: true, force: true })
    const said = String((cause as { stderr?: unknown }).stderr ?? cause)
    print(said)
    const last = said.trim().split('\n').at(-1) ?? ''
    throw new KedgeError(
      'model_unloadable',
      { what: `its environment cannot be built: ${last.slice(0, 300)}` },
      { cause },
    )
  }
}

/** What the folder itself says that its model needs; undefined when it says nothing. */
async function declaredRequirements(folder: string): Promise<string | undefined> {
  const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined)
  const text = (await read('requirements.lock')) ?? (await read('requirements.txt'))
  if (text !== undefined) return text
  const conda = await read('conda.yaml')
  return conda === undefined ? undefined : condaRequirements(conda)
}

const there = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

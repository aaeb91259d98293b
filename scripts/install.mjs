// Runs on the machine's own Node (20 or later), before anything is installed: no dependencies, plain JavaScript.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

export const root = join(import.meta.dirname, '..')
export const node = join(root, 'node_modules', '.bin', 'node')

const say = (text) => process.stderr.write(`${text}\n`)

export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options })
  if (result.error) throw result.error
  return result.status ?? 1
}

/** Installs the npm packages of the lock file unless they are there already. */
export function installPackages() {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major < 20) {
    say(`Kedge needs Node 20 or later to start its installation; this is ${process.version}. See https://nodejs.org`)
    process.exit(1)
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const mark = join(root, 'node_modules', '.installed')
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock && existsSync(node)) return
  say('Installing packages (about 1.4 GB on disk; a minute on a fast network) …')
  const start = Date.now()
  // npm 10 knows no allowScripts; this keeps onnxruntime's script from downloading what is not needed
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip' }
  // not `npm ci`: npm 11 refuses a lock file that was made where a registry lacks a package of another platform;
  // what the lock file names is installed exactly, and the lock file stays as it is
  const status = run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], { env })
  if (status !== 0) {
    say('The packages could not be installed; npm says why above.')
    process.exit(status)
  }
  writeFileSync(mark, lock)
  say(`Packages installed in ${Math.round((Date.now() - start) / 1000)} s.`)
}

/** Builds the pages unless they are newer than their sources' last commit or change. */
export function buildPages() {
  const status = run(node, [join(root, 'scripts', 'build-pages.mjs')])
  if (status !== 0) process.exit(status)
}

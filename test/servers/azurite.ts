import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../../src/cli/loop/free-ports.ts'

const run = promisify(execFile)
const version = '3.37.0'

export interface AzureServer {
  endpoint: string
  account: string
  /** base64 */
  accountKey: string
  stop(): Promise<void>
}

/** Microsoft's emulator of its blob storage, installed once a machine: it is too large to come with the project. */
async function installed(): Promise<string> {
  const root = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kedge-tests')
  const folder = join(root, `azurite-${version}`)
  const entry = join(folder, 'node_modules/azurite/dist/src/blob/main.js')
  if (existsSync(entry)) return entry
  mkdirSync(root, { recursive: true })
  const made = mkdtempSync(join(root, 'azurite-'))
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', made, `azurite@${version}`])
  try {
    renameSync(made, folder)
  } catch {
    // another test was as fast
    rmSync(made, { recursive: true, force: true })
  }
  return entry
}

/** Starts a throw-away Azurite on a free port of 127.0.0.1; undefined where it cannot be had. */
export async function startAzurite(): Promise<AzureServer | undefined> {
  let entry: string
  try {
    entry = await installed()
  } catch (error) {
    console.warn(`skipped: the tests with Azurite, which cannot be installed: ${String(error).slice(0, 200)}`)
    return undefined
  }
  const directory = mkdtempSync(join(tmpdir(), 'kedge-azurite-'))
  const [port] = (await freePorts(1)) as [number]
  const child = spawn(
    process.execPath,
    [entry, '--blobPort', String(port), '--location', directory, '--skipApiVersionCheck', '--disableTelemetry'],
    { stdio: ['ignore', 'pipe', 'inherit'], cwd: directory },
  )
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`Azurite ended with ${code}`)))
    child.stdout.on('data', (piece) => /successfully listen/.test(String(piece)) && resolve())
  })
  return {
    endpoint: `http://127.0.0.1:${port}/devstoreaccount1`,
    account: 'devstoreaccount1',
    // the same in every emulator, and documented
    accountKey: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
    async stop() {
      child.removeAllListeners('exit')
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../../src/cli/loop/free-ports.ts'

const run = promisify(execFile)
const version = 'v1.56.1'

export interface GcsServer {
  endpoint: string
  put(name: string, bytes: Buffer | string): Promise<void>
  remove(name: string): Promise<void>
  stop(): Promise<void>
}

/** Fake GCS Server, built by Go once a machine. */
async function built(): Promise<string> {
  const root = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kedge-tests')
  const program = join(root, `fake-gcs-server-${version}`, 'fake-gcs-server')
  if (existsSync(program)) return program
  mkdirSync(root, { recursive: true })
  const made = mkdtempSync(join(root, 'gcs-'))
  await run('go', ['install', '-p', '1', `github.com/fsouza/fake-gcs-server@${version}`], {
    env: { ...process.env, GOBIN: made, GOFLAGS: '-mod=mod' },
    timeout: 600_000,
  })
  try {
    renameSync(made, join(root, `fake-gcs-server-${version}`))
  } catch {
    // another test was as fast
    rmSync(made, { recursive: true, force: true })
  }
  return program
}

/** Starts a throw-away server with one bucket on a free port of 127.0.0.1; undefined where it cannot be had. */
export async function startGcs(bucket: string): Promise<GcsServer | undefined> {
  let program: string
  try {
    program = await built()
  } catch (error) {
    console.warn(`skipped: the tests with Google's storage, whose fake cannot be built: ${String(error).slice(0, 200)}`)
    return undefined
  }
  const directory = mkdtempSync(join(tmpdir(), 'kedge-gcs-'))
  const [port] = (await freePorts(1)) as [number]
  const endpoint = `http://127.0.0.1:${port}`
  const child = spawn(
    program,
    ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory', '-external-url', endpoint],
    { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory },
  )
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`fake-gcs-server ended with ${code}`)))
    child.stderr.on('data', (piece) => /server started/.test(String(piece)) && resolve())
  })
  const send = async (method: string, path: string, body?: Buffer | string, type = 'application/octet-stream') => {
    const answer = await fetch(`${endpoint}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: new Uint8Array(Buffer.from(body as Buffer)), headers: { 'content-type': type } }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  }
  await send('POST', '/storage/v1/b?project=test', JSON.stringify({ name: bucket }), 'application/json')
  return {
    endpoint,
    put: (name, bytes) =>
      send('POST', `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`, bytes),
    remove: (name) => send('DELETE', `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`),
    async stop() {
      child.removeAllListeners('exit')
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

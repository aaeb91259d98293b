import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import executor from '../../src/adapters/executors/process.ts'
import { silentLog } from '../../src/log.ts'
import { createEnvironments } from '../../src/pipelines/environments.ts'
import { findPython } from '../../src/pipelines/find-python.ts'

const lock = 'idna==3.7\n'

describe('environments', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kedge-environments-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const open = (options: { installers?: ('uv' | 'pip')[]; at?: string } = {}) =>
    createEnvironments({
      folder: options.at ?? folder,
      executor,
      environment: process.env,
      log: silentLog,
      ...(options.installers ? { installers: options.installers } : {}),
    })
  const listen = () => {
    const chunks: Buffer[] = []
    return {
      signal: new AbortController().signal,
      onOutput: (chunk: Buffer) => void chunks.push(chunk),
      text: () => Buffer.concat(chunks).toString(),
    }
  }
  const importIdna = async (path: string) => {
    const chunks: Buffer[] = []
    const at = mkdtempSync(join(folder, 'use-'))
    const outcome = await executor.run(
      {
        name: at,
        command: `${path}/bin/python -c "import idna; print(idna.__version__)"`,
        folder: at,
        env: { PATH: process.env.PATH! },
        readable: [],
        hidden: [],
        network: 'none',
        serverPort: undefined,
        limits: { cpus: 1, memoryBytes: 2 ** 30, timeoutMs: 30_000, outputBytes: 10_000 },
      },
      { signal: new AbortController().signal, onOutput: (chunk) => chunks.push(chunk) },
    )
    return { outcome, text: Buffer.concat(chunks).toString() }
  }

  it('builds once for all that ask at the same time, and finds it again', async () => {
    const environments = open()
    const listeners = [listen(), listen(), listen()]
    const all = await Promise.all(listeners.map((listener) => environments.prepare('a.lock', lock, listener)))
    expect(new Set(all.map((one) => one.path)).size).toBe(1)
    for (const listener of listeners) expect(listener.text()).toContain('the environment is ready')
    expect((await importIdna(all[0]!.path)).text).toContain('3.7')

    const later = open()
    const quiet = listen()
    expect((await later.prepare('a.lock', lock, quiet)).path).toBe(all[0]!.path)
    expect(quiet.text()).toBe('')
    later.compileLater(all[0]!)
    await Promise.all([environments.stop(), later.stop()])
  })

  it('builds with plain pip where there is no uv', async () => {
    const at = mkdtempSync(join(folder, 'pip-'))
    const environments = open({ installers: ['pip'], at })
    const { path } = await environments.prepare('a.lock', lock, listen())
    expect((await importIdna(path)).text).toContain('3.7')
    await environments.stop()
  })

  it('says what the installer says when a package does not exist, and keeps nothing half-built', async () => {
    const at = mkdtempSync(join(folder, 'bad-'))
    const environments = open({ installers: ['pip'], at })
    const listener = listen()
    await expect(environments.prepare('bad.lock', 'idna==0.0.0.dev999\n', listener)).rejects.toMatchObject({
      code: 'environment_failed',
    })
    expect(listener.text()).toContain('idna==0.0.0.dev999')
    const [digest] = readdirSync(at)
    expect(readdirSync(join(at, digest!))).toEqual([])
    await environments.stop()
  })

  it('begins anew after a build that was killed or cancelled', async () => {
    const at = mkdtempSync(join(folder, 'killed-'))
    const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const script = `import executor from ${url('../../src/adapters/executors/process.ts')}
      import { createEnvironments } from ${url('../../src/pipelines/environments.ts')}
      import { silentLog } from ${url('../../src/log.ts')}
      const environments = createEnvironments({ folder: ${JSON.stringify(at)}, executor, environment: process.env, log: silentLog, installers: ['pip'] })
      await environments.prepare('a.lock', ${JSON.stringify(lock)}, { signal: new AbortController().signal, onOutput: () => process.stdout.write('x') })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((done) => child.stdout.once('data', done))
    const [digest] = readdirSync(at)
    while (!readdirSync(join(at, digest!)).some((name) => /^[0-9a-f]{12}$/.test(name)))
      await new Promise((done) => setTimeout(done, 10))
    child.kill('SIGKILL')

    const environments = open({ installers: ['pip'], at })
    const cancel = new AbortController()
    const cancelled = environments.prepare('a.lock', lock, { signal: cancel.signal, onOutput: () => cancel.abort() })
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
    const { path } = await environments.prepare('a.lock', lock, listen())
    expect((await importIdna(path)).text).toContain('3.7')
    await environments.stop()
  })

  it('says when there is no Python', async () => {
    await expect(findPython({ KEDGE_PYTHON: '/no/such/python' })).rejects.toMatchObject({ code: 'python_missing' })
  })
})

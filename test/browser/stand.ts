import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { freePorts } from '../../src/cli/loop/free-ports.ts'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'src/cli/main.ts')
const day = 86_400_000
const start = Date.UTC(2001, 0, 1)

export const project = 'pages'

/** A server with a project that has something on every page, and a browser to look at them. */
export interface Stand {
  /** http://127.0.0.1:port */
  address: string
  /** the server's working directory, for files of a test */
  folder: string
  /** a new window; closing it fails on errors in its console */
  open(options?: { width?: number; scheme?: 'light' | 'dark' }): Promise<Window>
  ask<T = unknown>(method: string, path: string, body?: unknown): Promise<T>
  stop(): Promise<void>
}

export interface Window {
  page: Page
  context: BrowserContext
  /** goes to a path of the test's project and waits until it shows its heading */
  go(path: string, of?: string): Promise<void>
  /** errors that the page wrote or threw */
  problems: string[]
  /** Errors: the page's own, when there were any. */
  close(): Promise<void>
}

export async function openStand(): Promise<Stand> {
  if (!existsSync(join(root, 'web/dist/index.html'))) await build({ root: join(root, 'web'), logLevel: 'error' })
  const directory = mkdtempSync(join(tmpdir(), 'kedge-browser-'))
  const [port, inference, grpc] = await freePorts(3)
  const address = `http://127.0.0.1:${port}`
  const server = await serve(
    [
      '--port',
      String(port),
      '--inference-port',
      String(inference),
      '--grpc-port',
      String(grpc),
      '--data',
      join(directory, 'data'),
    ],
    directory,
  )
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })

  const ask: Stand['ask'] = async (method, path, body) => {
    const response = await fetch(`${address}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (response.status === 204 ? undefined : await response.json()) as never
  }
  await fill({ ask, address, directory, predictAt: `http://127.0.0.1:${inference}` })

  return {
    address,
    folder: directory,
    ask,
    open: (options) => openWindow(browser, address, options),
    async stop() {
      await browser.close()
      server.kill('SIGTERM')
      if (server.exitCode === null) await once(server, 'exit')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function serve(flags: string[], cwd: string): Promise<ChildProcess> {
  const server = spawn(process.execPath, [main, 'serve', ...flags], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KEDGE_LOG_LEVEL: 'error' },
  })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      said += chunk
      if (said.includes('Kedge is at')) resolve()
    }
    server.stdout!.on('data', listen)
    server.stderr!.on('data', listen)
    server.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${said}`)))
  })
  return server
}

async function openWindow(
  browser: Browser,
  address: string,
  { width = 1280, scheme = 'light' }: { width?: number; scheme?: 'light' | 'dark' } = {},
): Promise<Window> {
  const context = await browser.newContext({
    viewport: { width, height: 844 },
    colorScheme: scheme,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  return {
    page,
    context,
    problems,
    async go(path, of = project) {
      await page.goto(`${address}/projects/${of}${path}`)
      await page.locator('main h1').waitFor()
      await page.waitForSelector('main [aria-busy="true"]', { state: 'detached' })
    },
    async close() {
      const found = [...problems]
      await context.close()
      if (found.length > 0) throw new Error(`The page has problems:\n${found.join('\n')}`)
    },
  }
}

const declaration = `
project: ${project}
sources:
  trips: { kind: csv, path: trips.csv }
datasets:
  trips:
    from: trips
    time: date
    curate:
      - cast: { date: time, delay: int, distance: int, origin: text }
      - outliers: { column: delay, method: iqr, factor: 3, action: quarantine }
      - derive: { late: to_int(delay > 15), hour: hour(date) }
    expect:
      - not_null: [origin, distance]
      - between: { column: distance, min: 1, max: 5000 }
pipelines:
  train:
    description: Does nothing, in one step
    steps:
      fit: { run: 'echo nothing' }
models: { delay: {} }
endpoints: { delay: { model: delay } }
automation:
  - { name: retrain, on: drift.detected, endpoint: delay, do: run train, cooldown: 7d }
`

const airports = ['ORD', 'ATL', 'DFW', 'LAX', 'JFK']

/** Deterministic trips of January 2001; each hundredth is late by more than any outlier rule lets pass. */
const trips = () =>
  [
    'date,delay,distance,origin',
    ...Array.from(
      { length: 3000 },
      (_, i) =>
        `${new Date(start + (i * 31 * day) / 3000).toISOString()},${i % 100 === 99 ? 900 : ((i * 37) % 50) - 10},${100 + ((i * 97) % 2400)},${airports[i % airports.length]}`,
    ),
  ].join('\n')

async function fill({
  ask,
  address,
  directory,
  predictAt,
}: {
  ask: Stand['ask']
  address: string
  directory: string
  predictAt: string
}): Promise<void> {
  const base = `/api/v1/projects/${project}`
  writeFileSync(join(directory, 'trips.csv'), trips())
  await ask('PUT', base)
  await ask('PUT', '/api/v1/projects/blank')
  await ask('POST', `${base}/apply`, { text: declaration, folder: directory })
  for (const weeks of [0, 1]) {
    const from = start + weeks * 7 * day
    const { jobId } = await ask<{ jobId: number }>('POST', `${base}/datasets/trips/materialise`, {
      from,
      to: from + 21 * day,
    })
    await until(async () => (await ask<{ state: string }>('GET', `${base}/jobs/${jobId}`)).state === 'succeeded')
  }
  await logRuns((path, body) => ask('POST', `/mlflow/${project}/api/2.0/mlflow/${path}`, body))
  const model = join(root, 'test/fixtures/models/delay-1')
  await promisify(execFile)(process.execPath, [
    main,
    'deploy',
    model,
    '--name',
    'delay',
    '--project',
    project,
    '--url',
    address,
  ])
  await until(async () => (await ask<{ state: string }>('GET', `${base}/endpoints/delay`)).state === 'ready')
  const instances = Array.from({ length: 60 }, (_, i) => ({
    id: `trip-${i}`,
    time: start + 31 * day + i * 3_600_000,
    features: { distance: 300 + i * 10, hour: i % 24, origin: airports[i % airports.length] },
  }))
  const answer = await fetch(`${predictAt}/projects/${project}/endpoints/delay/predict`, {
    method: 'POST',
    body: JSON.stringify({ instances }),
    headers: { 'content-type': 'application/json' },
  })
  if (!answer.ok) throw new Error(`The endpoint answered ${answer.status}: ${await answer.text()}`)
  await until(
    async () =>
      (await ask<{ items: unknown[] }>('GET', `${base}/endpoints/delay/predictions`)).items.length === instances.length,
  )
}

async function logRuns(mlflow: (path: string, body: unknown) => Promise<unknown>): Promise<void> {
  const { experiment_id } = (await mlflow('experiments/create', { name: 'tuning' })) as { experiment_id: string }
  for (let i = 0; i < 300; i++) {
    const { run } = (await mlflow('runs/create', {
      experiment_id,
      run_name: `trial-${i}`,
      start_time: start + i * 1000,
    })) as { run: { info: { run_id: string } } }
    const { run_id } = run.info
    const steps = i === 7 ? 50 : 1
    const metrics = Array.from({ length: steps }, (_, step) => ({
      key: 'loss',
      value: 1 / (step + 1) + i / 1000,
      step,
      timestamp: start + step,
    }))
    await mlflow('runs/log-batch', {
      run_id,
      metrics: [...metrics, { key: 'auc', value: 0.6 + i / 1000, step: 0, timestamp: start }],
      params: [{ key: 'depth', value: String(1 + (i % 8)) }],
    })
    await mlflow('runs/update', { run_id, status: 'FINISHED', end_time: start + i * 1000 + 500 })
  }
}

/** Asks again until it is so. Fails after half a minute, or after `most` milliseconds. */
export async function until(so: () => Promise<boolean>, most = 30_000): Promise<void> {
  const end = Date.now() + most
  while (!(await so())) {
    if (Date.now() > end) throw new Error(`It did not come to be: ${so}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

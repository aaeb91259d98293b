/**
 * The pages of runs in a real browser at 30,000 runs with 2,000 distinct columns and a metric of 1,000,000 points:
 * time until they can be used, frames while scrolling both ways (gaps between animation frames; a screen asks for 16.7 ms),
 * long tasks, and how long a zoom into the metric takes. Usage: runs.ts [runs] [points]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { freePorts } from '../../src/cli/loop/free-ports.ts'
import { project, seedRuns } from './seed-runs.ts'

const root = join(import.meta.dirname, '../..')
const runs = Number(process.argv[2] ?? 30_000)
const points = Number(process.argv[3] ?? 1_000_000)
const columns = 2000
const each = 40
const rows: [string, string][] = []
const ms = (value: number) => `${Math.round(value)} ms`

const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-web-'))
const data = join(directory, 'data')
mkdirSync(data)
let server: ChildProcess | undefined
let browser: Browser | undefined
const stop = async () => {
  await browser?.close()
  if (server && server.exitCode === null) {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  rmSync(directory, { recursive: true, force: true })
}

try {
  let start = performance.now()
  const long = await seedRuns(data, { runs, columns, each, points })
  rows.push([
    `seeding ${runs.toLocaleString('en')} runs and ${points.toLocaleString('en')} points`,
    `${((performance.now() - start) / 1000).toFixed(1)} s`,
  ])
  if (!existsSync(join(root, 'web/dist/index.html'))) await build({ root: join(root, 'web'), logLevel: 'error' })
  const [port, inference, grpc] = await freePorts(3)
  const address = `http://127.0.0.1:${port}`
  server = spawn(
    process.execPath,
    [
      join(root, 'src/cli/main.ts'),
      'serve',
      '--roles',
      'control',
      '--port',
      `${port}`,
      '--inference-port',
      `${inference}`,
      '--grpc-port',
      `${grpc}`,
      '--data',
      data,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, KEDGE_LOG_LEVEL: 'error' } },
  )
  await new Promise<void>((resolve, reject) => {
    server!.stdout!.on('data', (chunk: Buffer) => String(chunk).includes('Kedge is at') && resolve())
    server!.once('exit', (code) => reject(new Error(`The server ended with ${code}`)))
  })

  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 }, bypassCSP: true })
  const at = `${address}/projects/${project}`

  // the code of the pages once, so that what is measured is theirs and not the first compilation of the browser
  await page.goto(`${at}/models`)
  await page.locator('main h1').waitFor()

  start = performance.now()
  await page.goto(`${at}/runs`)
  const grid = page.getByRole('grid', { name: 'Runs' })
  await grid.getByRole('row').nth(5).getByRole('link').waitFor()
  rows.push(['table of runs: address to rows', ms(performance.now() - start)])
  await grid.getByRole('columnheader', { name: 'auc' }).waitFor()
  await grid.locator('[role=gridcell][title^="auc of"]').first().waitFor()
  rows.push(['… to their metrics and params', ms(performance.now() - start)])

  start = performance.now()
  await page.getByRole('button', { name: 'auc', exact: true }).click()
  await grid.locator('[aria-sort=descending]', { hasText: 'auc' }).waitFor()
  await page.waitForFunction("!document.querySelector('[role=grid]')?.parentElement?.style.opacity.startsWith('0')")
  rows.push(['sort by a metric', ms(performance.now() - start)])

  start = performance.now()
  await page.locator('input[data-filter]').fill("metrics.auc > 0.9 AND params.model = 'tree'")
  await page.getByRole('status', { name: 'How many runs' }).getByText('found').waitFor()
  rows.push(['filter by a metric and a param (with 300 ms of waiting for the typist)', ms(performance.now() - start)])

  await page.goto(`${at}/runs?columns=${encodeURIComponent('metrics.*,params.*')}`)
  await grid.locator(`[aria-colcount], [role=columnheader]`).first().waitFor()
  await page.waitForFunction(
    "Number(document.querySelector('[role=grid]')?.getAttribute('aria-colcount')) > 1900",
    undefined,
    { timeout: 60_000 },
  )
  const shown = Number(await grid.getAttribute('aria-colcount'))
  rows.push(['columns of the table', shown.toLocaleString('en')])
  rows.push(['elements in the whole page', String(await page.evaluate('document.querySelectorAll("*").length'))])
  for (const [name, x, y] of [
    ['scrolling down, 2,400 px/s', 0, 40],
    ['scrolling sideways, 2,400 px/s', 40, 0],
    ['both at once', 40, 40],
    ['leaps of 20,000 rows and back', 0, 600_000],
  ] as const)
    rows.push([name, await frames(page, x, y)])

  start = performance.now()
  await page.goto(`${at}/runs/${long}?tab=metrics`)
  const figure = page.locator('figure[aria-label="loss by step"] canvas')
  await figure.waitFor()
  rows.push([`metric of ${points.toLocaleString('en')} points: address to curve`, ms(performance.now() - start)])
  const zooms: number[] = []
  for (const [from, to] of [
    [0.3, 0.4],
    [0.3, 0.6],
    [0.4, 0.7],
    [0.2, 0.5],
  ]) {
    const before = await page.evaluate('location.search')
    const box = (await figure.boundingBox())!
    await page.mouse.move(box.x + box.width * from!, box.y + 50)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * to!, box.y + 50, { steps: 5 })
    const answer = page.waitForResponse((response) => response.url().endsWith('/runs/curves'))
    start = performance.now()
    await page.mouse.up()
    await answer
    await page.waitForFunction(
      `location.search !== ${JSON.stringify(before)} && !document.querySelector('[data-stale]')`,
    )
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    zooms.push(performance.now() - start)
  }
  zooms.sort((a, b) => a - b)
  rows.push(['zoom to drawn, of four: middle / slowest', `${ms(zooms[2]!)} / ${ms(zooms[3]!)}`])
} finally {
  await stop()
}
console.log(`| what | value |\n|---|---|\n${rows.map(([what, value]) => `| ${what} | ${value} |`).join('\n')}`)

/** Moves the table by so many pixels each frame for three seconds; there and back when it reaches an end. */
function frames(page: Page, x: number, y: number): Promise<string> {
  // in words, because it runs in the page
  return page.evaluate<string>(`new Promise((done) => {
    const grid = document.querySelector('[role=grid]')
    grid.scrollTo(0, 0)
    const gaps = []
    const tasks = []
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((one) => one.duration)))
    observer.observe({ type: 'longtask' })
    let [dx, dy] = [${x}, ${y}]
    let last = performance.now()
    const end = last + 3000
    let blank = 0
    const step = () => {
      const now = performance.now()
      gaps.push(now - last)
      last = now
      if (grid.querySelectorAll('[role=rowgroup] [role=row]').length === 0) blank++
      const [left, top] = [grid.scrollLeft, grid.scrollTop]
      grid.scrollBy(dx, dy)
      if (dx !== 0 && grid.scrollLeft === left) dx = -dx
      if (dy !== 0 && grid.scrollTop === top) dy = -dy
      if (now < end) return void requestAnimationFrame(step)
      observer.disconnect()
      gaps.sort((a, b) => a - b)
      const at = (share) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))].toFixed(1)
      done(
        gaps.length + ' frames; gap p50 ' + at(0.5) + ', p95 ' + at(0.95) + ', longest ' + at(1) + ' ms; long tasks ' + tasks.length +
          (tasks.length > 0 ? ', longest ' + Math.round(Math.max(...tasks)) + ' ms' : '') +
          (blank > 0 ? '; ' + blank + ' frames without rows' : ''),
      )
    }
    requestAnimationFrame(step)
  })`)
}

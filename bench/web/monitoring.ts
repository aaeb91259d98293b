/**
 * The pages of monitoring in a real browser: 90 days of 200 features, from the address to what is drawn. Each page is opened
 * several times in the same browser, whose caches have the pages' code. Usage: monitoring.ts [features] [days] [predictions a day]
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { startKedge } from '../../src/main.ts'
import { logWatched } from '../../test/browser/log-watched.ts'

const web = join(import.meta.dirname, '../../web')
const features = Number(process.argv[2] ?? 200)
const days = Number(process.argv[3] ?? 97)
const rows = Number(process.argv[4] ?? 240)
const times = 7
/** of log-watched's own */
const named = 4
const [project, endpoint] = ['bench', 'watched']

const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-monitoring-'))
const table: [string, string, string][] = []
const ms = (value: number) => `${Math.round(value)} ms`
let browser: Browser | undefined
let kedge: Awaited<ReturnType<typeof startKedge>> | undefined

/** Opens an address until `drawn` is there and two frames have passed; the middle and the slowest of several times. */
async function opened(
  page: Page,
  what: string,
  query: string,
  drawn: (page: Page) => Promise<unknown>,
  path = 'monitoring',
) {
  const found: number[] = []
  for (let i = 0; i <= times; i++) {
    await page.goto('about:blank')
    const start = performance.now()
    await page.goto(`${kedge!.address}/projects/${project}/${path}?${query}`)
    await drawn(page)
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    // the first time reads what nobody has asked for yet
    if (i > 0) found.push(performance.now() - start)
    else table.push([`${what}, the first time`, ms(performance.now() - start), ''])
  }
  found.sort((a, b) => a - b)
  table.push([what, ms(found[Math.floor(found.length / 2)]!), ms(found.at(-1)!)])
}

try {
  if (!existsSync(join(web, 'dist/index.html'))) await build({ root: web, logLevel: 'error' })
  kedge = await startKedge(
    readConfig({ port: 0, data: join(directory, 'data'), logLevel: 'silent', roles: ['control'] }),
    silentLog,
  )
  const ask = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${kedge!.address}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.status === 204 ? undefined : response.json()
  }
  await ask('PUT', `/api/v1/projects/${project}`)
  const start = performance.now()
  await logWatched(ask, { project, endpoint, days, rows, features: features - named, unlabelled: 14 })
  table.push([
    `logging and judging ${(days * rows).toLocaleString('en')} predictions of ${features} features, ${days} days`,
    `${((performance.now() - start) / 1000).toFixed(0)} s`,
    '',
  ])

  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } })
  const at = `endpoint=${endpoint}`
  const group = (name: string) => (on: Page) => on.getByRole('group', { name }).locator('canvas').waitFor()
  const figure = (name: string) => (on: Page) => on.getByRole('figure', { name }).locator('canvas').waitFor()
  await opened(
    page,
    `heat map, ${features} features × 90 days`,
    `${at}&tab=drift&span=90`,
    group('Drift by feature and window'),
  )
  await opened(
    page,
    'the same by another distance, from merged profiles',
    `${at}&tab=drift&span=90&distance=psi`,
    group('Drift by feature and window'),
  )
  await opened(
    page,
    'the same of one segment, from the samples',
    `${at}&tab=drift&span=90&segment=${encodeURIComponent('city=Chur')}`,
    group('Drift by feature and window'),
  )
  await opened(
    page,
    'heat map and a feature’s distribution, 90 windows',
    `${at}&tab=drift&span=90&feature=age`,
    figure('age over time'),
  )
  await opened(
    page,
    'quality, every check × 90 days',
    `${at}&tab=quality&span=90`,
    group('Quality by check and window'),
  )
  await opened(page, 'performance with curves by threshold', `${at}&span=90`, figure('ROC curve'))
  await opened(page, 'fairness', `${at}&tab=bias&span=90`, (on) =>
    on.getByRole('img', { name: /Predicted positive by group/ }).waitFor(),
  )
  await opened(page, 'segments, with the search', `${at}&tab=segments&span=90`, (on) =>
    on.getByRole('group', { name: /Segments by size/ }).waitFor(),
  )
} finally {
  await browser?.close()
  await kedge?.stop()
  rmSync(directory, { recursive: true, force: true })
}
console.log(
  `| address to drawn | middle of ${times} | slowest |\n|---|---:|---:|\n${table.map((row) => `| ${row.join(' | ')} |`).join('\n')}`,
)

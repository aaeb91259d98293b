import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoopServer, startLoopServer } from '../../src/cli/loop/loop-server.ts'
import type { Comparison } from '../../src/comparison/comparison.ts'
import { cli } from './run-cli.ts'

const day = 86_400_000
const start = Date.UTC(2026, 0, 5)
const days = 36
const rows = 60

let folder: string
let server: LoopServer
const on = (args: string[]) => cli([...args, '--project', 'shop'], { url: server.url, cwd: folder })
const report = (...args: string[]) => on(['report', 'scores', ...args])

/** Predictions of a model that is served elsewhere; amounts triple in the last week. */
function csv(): string {
  const lines = Array.from({ length: days * rows }, (_, i) => {
    const at = Math.floor(i / rows)
    const noise = ((i * 7919) % 1000) / 1000
    const amount = Math.round((20 + 100 * noise) * (at >= days - 7 ? 3 : 1))
    const time = new Date(start + at * day + ((i % rows) * day) / rows).toISOString()
    return `p${i},${time},${amount},${'abc'[i % 3]},${(0.2 + 0.6 * noise).toFixed(3)},${(i * 31) % 100 < 20 + 60 * noise ? 1 : 0}`
  })
  return `id,time,amount,shop,score,actual\n${lines.join('\n')}\n`
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-cli-report-'))
  server = await startLoopServer({ data: join(folder, 'data'), environment: process.env, progress: () => {} })
  const made = await fetch(`${server.url}/api/v1/projects/shop`, { method: 'PUT' })
  expect(made.ok).toBe(true)
  writeFileSync(join(folder, 'march.csv'), csv())
  const logged = await on(['log', 'march.csv', '--endpoint', 'scores'])
  expect(logged, logged.err).toMatchObject({ code: 0 })
  const overview = `${server.url}/api/v1/projects/shop/endpoints/scores/monitoring`
  const waiting = async () => ((await (await fetch(overview)).json()) as { waiting: number }).waiting
  while ((await waiting()) > 0) await new Promise((resolve) => setTimeout(resolve, 100))
}, 180_000)
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('the newest window of an endpoint in every form, by the ending of the file', async () => {
  const html = await report('--window', '7d', '-o', 'scores.html')
  expect(html, html.err).toMatchObject({ code: 0, out: expect.stringMatching(/scores\.html, \d/) })
  const page = readFileSync(join(folder, 'scores.html'), 'utf8')
  expect(page).toMatch(/^<!doctype html>/i)
  expect(page).toContain('amount')
  // it needs nothing else
  expect(page).not.toMatch(/(src|href)="https?:/)

  expect(await report('-o', 'scores.json')).toMatchObject({ code: 0 })
  const found = JSON.parse(readFileSync(join(folder, 'scores.json'), 'utf8')) as Comparison
  expect(found.current.rows).toBe(7 * rows)
  expect(found.verdict.drift).toBe('violation')
  const drifted = found.scores.filter(({ monitor, state }) => monitor === 'drift.distance' && state === 'violation')
  expect(drifted.map(({ feature }) => feature)).toContain('amount')
  expect(drifted.map(({ feature }) => feature)).not.toContain('shop')

  expect(await report('-o', 'scores.pdf')).toMatchObject({ code: 0 })
  expect(readFileSync(join(folder, 'scores.pdf')).subarray(0, 5).toString()).toBe('%PDF-')
  expect(await report('-o', 'scores.parquet')).toMatchObject({ code: 0 })
  const bytes = readFileSync(join(folder, 'scores.parquet'))
  const scores = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
  })
  expect(scores).toHaveLength(found.scores.length)
})

test('another stretch, another reference, JSON for scripts', async () => {
  const before = await report('--to', '2026-01-26', '--against', 'before', '-o', 'before.json', '--json')
  expect(before.json()).toMatchObject({ path: join(folder, 'before.json'), bytes: expect.any(Number) })
  const found = JSON.parse(readFileSync(join(folder, 'before.json'), 'utf8')) as Comparison
  expect(found.reference.label).toBe('the window before')
  expect(found.verdict.drift).not.toBe('violation')
})

test.each([
  [['nobody'], [], /nobody/],
  [['scores'], ['-o', 'scores.docx'], /html, \.?pdf/],
  [['scores'], ['--window', 'soon'], /window/],
  [['scores'], ['--from', '2030-01-01'], /window with predictions/i],
])('what cannot be reported says why: %j %j', async (endpoint, options, told) => {
  const { code, err } = await on(['report', ...endpoint, ...options])
  expect([code === 0, err]).toEqual([false, expect.stringMatching(told)])
})

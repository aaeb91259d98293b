import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Comparison } from '../../src/comparison/comparison.ts'
import type { MonitorScore } from '../../src/contracts/monitor-kind.ts'
import type { FeatureComparison } from '../../src/monitoring/compare-feature.ts'
import { displayed } from '../../src/reports/displayed.ts'
import { htmlReport } from '../../src/reports/html-report.ts'
import { pdfReport } from '../../src/reports/pdf-report.ts'
import { renderReport } from '../../src/reports/render-report.ts'
import { reportScript } from '../../src/reports/report-script.ts'

const score = (feature: string, state: MonitorScore['state'] = 'ok'): MonitorScore => ({
  monitor: 'drift.distance',
  feature,
  segment: '',
  value: 0.123456,
  low: null,
  high: null,
  samples: 1000,
  thresholdLow: null,
  thresholdHigh: 0.2,
  state,
  p: 0.04,
  definition: { metric: 'jensen-shannon', formula: '√(½ KL + ½ KL)', threshold: { method: 'runs of the reference' } },
})

const quantiles = { p01: -2, p05: -1.6, p25: -0.7, p50: 0, p75: 0.7, p95: 1.6, p99: 2 }
function feature(name: string, categories: string[] = []): FeatureComparison {
  const edges = categories.length > 0 ? [] : Array.from({ length: 21 }, (_, i) => -2 + i * 0.2)
  const counts = Array.from(
    { length: Math.max(edges.length, categories.length) + (edges.length > 0 ? 1 : 0) },
    (_, i) => 40 + i,
  )
  const numbers = { mean: 0.01, deviation: 1, minimum: -3, maximum: 3, quantiles }
  const none = { mean: null, deviation: null, minimum: null, maximum: null, quantiles: null }
  const side = (label: string) => ({ label, rows: 1000, missing: 3, counts, ...(edges.length > 0 ? numbers : none) })
  return {
    feature: name,
    type: edges.length > 0 ? 'numeric' : 'categorical',
    edges,
    categories,
    current: side('now'),
    against: side('then'),
    distances: { 'jensen-shannon': 0.12, psi: 0.02 },
  }
}

function comparison(names: string[], categories: string[] = []): Comparison {
  const side = { type: 'Float64', missing: 3, notFinite: 0, unreadable: 0, distinct: 900, first: null, last: null }
  return {
    version: 1,
    title: `${names[0]} against itself`,
    madeAt: 1_000_000_000_000,
    reference: { label: 'a.parquet', rows: 1000 },
    current: { label: 'b.parquet', rows: 1000 },
    verdict: { quality: 'ok', drift: 'violation', performance: 'unknown', bias: 'unknown' },
    columns: names.map((name) => ({ name, kind: 'number', role: 'feature', reference: side, current: side })),
    scores: names.map((name, i) => score(name, i === 0 ? 'violation' : 'ok')),
    features: names.map((name, i) => feature(name, i % 2 === 1 ? categories : [])),
    correlations: [],
    performance: null,
    groups: [],
    notes: names.slice(0, 1),
    settings: { alpha: { drift: 0.01 } },
  }
}

const hostile = [
  '</script><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '\u202egnp.exe',
  '<!--',
  ']]>&amp;&lt;',
  '\0\u2028\u200b\ufeff',
  '{{constructor}} <%= 7*7 %>',
  'עברית',
  'x'.repeat(10_000),
]

test('names and values cannot leave their place in the page', () => {
  const page = htmlReport(comparison(hostile, [...hostile, '…']))
  const scripts = [...page.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/gi)]
  expect(scripts.map(([, body]) => body)).toEqual([reportScript])
  expect(page).not.toMatch(/<img|<!--/i)
  expect([...page.matchAll(/<(\w+)[^>]*\son\w+\s*=/gi)].filter(([tag]) => !tag.includes('title="'))).toEqual([])
  expect(page).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u2028\0]/)
  expect(page).toContain('‹U+202E›gnp.exe')
  expect(page).toContain('<bdi>עברית</bdi>')
})

test('the page needs nothing else, and its policy lets nothing else in', () => {
  const page = htmlReport(comparison(['x', 'c'], ['a', '…']))
  expect(page).not.toMatch(/https?:|url\(|@import|<link|<iframe|\ssrc=|\sstyle=/)
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)![1]!
  const digest = createHash('sha256').update(reportScript).digest('base64')
  expect(policy).toContain(`script-src 'sha256-${digest}'`)
  expect(policy).toContain("default-src 'none'")
})

test('every number says what it is on hover', () => {
  const page = htmlReport(comparison(['x']))
  expect(page).toContain('title="√(½ KL + ½ KL) · 1,000 rows · p 0.04 · limit: runs of the reference"')
  expect(page).toMatch(/<title>above [-\d.]+ to [-\d.]+: [\d.]+ % of the reference, [\d.]+ % now<\/title>/)
})

test.each([1, 50, 3000, 20_000])('%i columns stay below 2 MB, the worst first', (columns) => {
  const names = Array.from({ length: columns }, (_, i) => `a rather long name of a column, number ${i}`)
  const page = htmlReport(comparison(names, ['a', 'b', 'c', '…']))
  expect(Buffer.byteLength(page)).toBeLessThan(2_000_000)
  expect(page.indexOf('number 0<')).toBeGreaterThan(0)
  if (columns >= 3000) expect(page).toMatch(/more columns, all further from their limits/)
})

test('a PDF of any names, with its pages numbered', async () => {
  const bytes = await pdfReport(comparison(hostile, [...hostile, '…']))
  const text = Buffer.from(bytes).toString('latin1')
  expect(text.startsWith('%PDF-')).toBe(true)
  expect(text.trimEnd().endsWith('%%EOF')).toBe(true)
  expect((await pdfReport(comparison(Array.from({ length: 5000 }, (_, i) => `x${i}`)))).length).toBeLessThan(500_000)
})

test('JSON is the comparison itself', async () => {
  const given = comparison(['x'])
  expect(JSON.parse(Buffer.from(await renderReport(given, 'json')).toString())).toEqual(given)
})

test('what cannot be seen is shown, what is long is cut', () => {
  expect(displayed('a\u0000b\u202ec')).toBe('a‹U+0000›b‹U+202E›c')
  expect([...displayed('😀'.repeat(500))].length).toBe(120)
})

test('the style names no file', () => {
  expect(readFileSync(new URL('../../src/reports/report-style.ts', import.meta.url), 'utf8')).not.toMatch(/url\(/)
})

import { createHash } from 'node:crypto'
import type { Comparison } from '../comparison/comparison.ts'
import { version } from '../version.ts'
import {
  columnsSection,
  correlationsSection,
  featuresSection,
  findingsSection,
  groupsSection,
  performanceSection,
} from './html-sections.ts'
import { escaped } from './html-text.ts'
import { reportScript } from './report-script.ts'
import { reportStyle } from './report-style.ts'

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const words = { ok: 'Fine', watch: 'Watch', violation: 'Wrong', unknown: 'Not judged' } as const
const subjects = {
  quality: 'Missing values, ranges, categories, types',
  drift: 'Distributions of the columns',
  performance: 'How well the model does',
  bias: 'Differences between groups',
} as const

/** Bytes that the tables of columns may take together: with the rest the page stays below 2 MB. */
const BUDGET = 1_700_000

/**
 * A comparison as one page that needs nothing else: no network, no library. What comes from the data is escaped, and the
 * page's own policy lets in no script but the one it was written with. Columns beyond the size of the page are counted.
 */
export function htmlReport(comparison: Comparison): string {
  const { title, madeAt, reference, current, verdict, notes, settings } = comparison
  const rows = (n: number) => n.toLocaleString('en')
  const sections = [
    findingsSection(comparison),
    performanceSection(comparison),
    groupsSection(comparison),
    correlationsSection(comparison),
  ].join('')
  const features = featuresSection(comparison, BUDGET * 0.72 - sections.length / 2)
  const columns = columnsSection(comparison, BUDGET - Buffer.byteLength(sections) - Buffer.byteLength(features))
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'; style-src ${hash(reportStyle)}; script-src ${hash(reportScript)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title><style>${reportStyle}</style></head><body>
<h1>${escaped(title)}</h1>
<p class="dim">${rows(current.rows)} rows against ${rows(reference.rows)} of the reference · ${new Date(madeAt).toISOString().slice(0, 16).replace('T', ' ')} UTC · Kedge ${version}</p>
<div class="cards">${Object.entries(verdict)
    .map(
      ([family, state]) =>
        `<div class="card"><span class="dim">${family[0]!.toUpperCase()}${family.slice(1)}</span><b class="${state}">${words[state]}</b><span class="dim">${subjects[family as keyof typeof subjects]}</span></div>`,
    )
    .join('')}</div>
${sections}${features}${columns}
${notes.length > 0 ? `<h2>Notes</h2>${notes.map((note) => `<p>${escaped(note)}</p>`).join('')}` : ''}
<h2>What the verdict rests on</h2><p class="dim">${escaped(JSON.stringify(settings))}</p>
<script>${reportScript}</script></body></html>
`
}

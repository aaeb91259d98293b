import type { ColumnSide, Comparison } from '../comparison/comparison.ts'
import type { MonitorScore } from '../contracts/monitor-kind.ts'
import type { ComparedSide, FeatureComparison } from '../monitoring/compare-feature.ts'
import type { Estimate, Measured } from '../statistics/too-few-samples.ts'
import { chartOf } from './chart.ts'
import { largeChart, smallChart } from './chart-svg.ts'
import { escaped, figure, named, percent } from './html-text.ts'

const MOST_FINDINGS = 200
const MOST_CORRELATIONS = 30
/** Share of the budget of features that larger charts may take. */
const DETAILS = 0.55

const words: Record<string, string> = {
  ok: 'fine',
  watch: 'watch',
  violation: 'wrong',
  too_few_samples: 'too few rows',
  no_reference: 'no limit',
  failed: 'failed',
}
const stateCell = (state: string) => `<td class="${state}">${words[state] ?? state}</td>`
const sortable = (name: string, right = false) => `<th data-sort${right ? ' class="n"' : ''}>${name}</th>`
const cell = (value: number | null | undefined, shown: string, title = '') =>
  `<td class="n" data-v="${value === null || value === undefined || Number.isNaN(value) ? '' : value}"${title ? ` title="${escaped(title)}"` : ''}>${shown}</td>`

/** What stands behind a score, for whoever hovers over it. */
function saidOf({ definition, samples, low, high, p }: MonitorScore): string {
  const threshold = definition.threshold as { method?: string } | undefined
  return [
    definition.formula ?? definition.method,
    low !== null && high !== null ? `interval ${figure(low)} to ${figure(high)}` : undefined,
    `${samples.toLocaleString('en')} rows`,
    p === null ? undefined : `p ${figure(p)}`,
    threshold?.method && `limit: ${threshold.method}`,
    definition.reference && `reference: ${definition.reference}`,
    definition.change && `${definition.change}: was ${definition.was ?? 'absent'}, is ${definition.is ?? 'absent'}`,
  ]
    .filter(Boolean)
    .join(' · ')
}

/** Everything that is wrong or to be watched. */
export function findingsSection({ scores }: Comparison): string {
  const found = scores.filter((score) => score.state === 'violation' || score.state === 'watch')
  if (found.length === 0) return '<h2>Findings</h2><p>Nothing out of the ordinary was found.</p>'
  const rows = found
    .slice(0, MOST_FINDINGS)
    .map(
      (score) =>
        `<tr><td>${escaped(score.monitor)}</td><td>${named(score.feature)}</td>${cell(score.value, figure(score.value), saidOf(score))}${cell(score.thresholdHigh ?? score.thresholdLow, figure(score.thresholdHigh ?? score.thresholdLow))}${stateCell(score.state)}</tr>`,
    )
  const more = found.length > MOST_FINDINGS ? `<p class="dim">and ${found.length - MOST_FINDINGS} more</p>` : ''
  return `<h2>Findings</h2><table data-sortable><thead><tr>${sortable('What')}${sortable('Column')}${sortable('Value', true)}${sortable('Limit', true)}${sortable('Verdict')}</tr></thead><tbody>${rows.join('')}</tbody></table>${more}`
}

function measured(found: Measured<Estimate> | null, definition: string): string {
  if (!found) return '<td class="n">–</td>'
  if (!found.ok)
    return `<td class="n dim" title="${escaped(`${found.had} ${found.of}, ${found.needed} are needed`)}">too few</td>`
  const interval = Number.isFinite(found.low) ? ` (${figure(found.low)} to ${figure(found.high)})` : ''
  return `<td class="n" title="${escaped(`${definition} · 95 % interval · ${found.n.toLocaleString('en')} rows`)}">${figure(found.value)}<span class="dim">${interval}</span></td>`
}

/** Performance on both sides, and what is expected where truth is missing. */
export function performanceSection({ performance }: Comparison): string {
  if (!performance) return ''
  const rows = performance.metrics.map(
    (metric) =>
      `<tr><td title="${escaped(metric.definition)}">${escaped(metric.title)}</td>${measured(metric.reference, metric.definition)}${measured(metric.current, metric.definition)}${measured(metric.estimated, `${metric.definition}; expected without truth`)}</tr>`,
  )
  return `<h2>Performance</h2><table><thead><tr><th>Metric</th><th class="n">Reference</th><th class="n">Current</th><th class="n">Expected without truth</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

/** Rates of decisions by group. */
export function groupsSection({ groups }: Comparison): string {
  if (groups.length === 0) return ''
  const rows = groups.map(
    (group) =>
      `<tr><td>${named(group.group)}</td><td>${group.side}</td>${cell(group.rows, figure(group.rows))}${measured(group.selection, 'share predicted positive')}${measured(group.truePositive, 'share of positives predicted positive')}${measured(group.falsePositive, 'share of negatives predicted positive')}</tr>`,
  )
  return `<h2>Groups</h2><table data-sortable><thead><tr>${sortable('Group')}${sortable('Side')}${sortable('Rows', true)}<th class="n">Predicted positive</th><th class="n">True positive rate</th><th class="n">False positive rate</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

/** The pairs whose correlation changed most. */
export function correlationsSection({ correlations }: Comparison): string {
  if (correlations.length === 0) return ''
  const rows = correlations
    .slice(0, MOST_CORRELATIONS)
    .map(
      (pair) =>
        `<tr><td>${named(pair.first)} × ${named(pair.second)}</td>${cell(pair.reference, figure(pair.reference))}${cell(pair.current, figure(pair.current))}${cell(pair.current - pair.reference, figure(pair.current - pair.reference), `p ${figure(pair.p)}, adjusted for the number of pairs`)}</tr>`,
    )
  return `<h2>Correlations</h2><table data-sortable><thead><tr>${sortable('Pair')}${sortable('Reference', true)}${sortable('Current', true)}${sortable('Change', true)}</tr></thead><tbody>${rows.join('')}</tbody></table>`
}

const numbers = ['mean', 'deviation', 'minimum', 'maximum'] as const
const quantiles = ['p01', 'p05', 'p25', 'p50', 'p75', 'p95', 'p99'] as const

function detail(feature: FeatureComparison): string {
  const side = (name: string, own: ComparedSide | null) =>
    own
      ? `<tr><td>${name}</td>${numbers.map((key) => cell(own[key], figure(own[key]))).join('')}${quantiles.map((q) => cell(own.quantiles?.[q], figure(own.quantiles?.[q]))).join('')}</tr>`
      : ''
  const figures =
    feature.type === 'numeric'
      ? `<div class="wide"><table><tr><th></th>${[...numbers, ...quantiles].map((name) => `<th class="n">${name}</th>`).join('')}</tr>${side('reference', feature.against)}${side('current', feature.current)}</table></div>`
      : ''
  const distances = Object.entries(feature.distances)
    .map(([name, value]) => `${escaped(name)} ${figure(value)}`)
    .join(' · ')
  return `<details><summary>${named(feature.feature)}</summary>${largeChart(chartOf(feature))}<p class="dim">${distances}</p>${figures}</details>`
}

/** Every column's distributions, the worst first, within `budget` bytes: first without their details, then not at all. */
export function featuresSection({ features, scores }: Comparison, budget: number): string {
  if (features.length === 0) return ''
  const drift = new Map(
    scores.filter((score) => score.monitor === 'drift.distance').map((score) => [score.feature, score]),
  )
  const rows: string[] = []
  let size = 0
  for (const feature of features) {
    const score = drift.get(feature.feature)
    const share = (side: ComparedSide | null) => (side && side.rows > 0 ? side.missing / side.rows : Number.NaN)
    const name = size < budget * DETAILS ? detail(feature) : named(feature.feature)
    const row = `<tr data-s="${score?.state ?? ''}"><td>${name}</td><td>${smallChart(chartOf(feature))}</td>${cell(score?.value, figure(score?.value), score ? saidOf(score) : '')}${cell(score?.thresholdHigh, figure(score?.thresholdHigh))}${cell(share(feature.against), percent(share(feature.against)))}${cell(share(feature.current), percent(share(feature.current)))}${score ? stateCell(score.state) : '<td></td>'}</tr>`
    size += Buffer.byteLength(row)
    if (size > budget) break
    rows.push(row)
  }
  const left = features.length - rows.length
  const options = Object.entries(words)
    .map(([state, word]) => `<option value="${state}">${word}</option>`)
    .join('')
  return `<h2>Distributions</h2><p class="key dim"><i></i>reference<i class="k2"></i>current</p><div class="tools"><input placeholder="Filter by name" aria-label="Filter by name"><select aria-label="Verdict"><option value="">every verdict</option>${options}</select><span class="dim">${rows.length} shown</span></div><table data-sortable><thead><tr>${sortable('Column')}<th>Distribution</th>${sortable('Distance', true)}${sortable('Limit', true)}${sortable('Missing before', true)}${sortable('Missing now', true)}${sortable('Verdict')}</tr></thead><tbody>${rows.join('')}</tbody></table>${left > 0 ? `<p class="dim">${left.toLocaleString('en')} more columns, all further from their limits, are in the JSON and Parquet reports.</p>` : ''}`
}

/** The columns themselves: types and what is in them. */
export function columnsSection({ columns }: Comparison, budget: number): string {
  const range = (side: ColumnSide | null) => (side?.first ? `${escaped(side.first)} … ${escaped(side.last ?? '')}` : '')
  const type = (side: ColumnSide | null) => (side ? escaped(side.type) : '<span class="violation">absent</span>')
  const rows: string[] = []
  let size = 0
  for (const column of columns) {
    const { reference, current } = column
    const row = `<tr><td>${named(column.name)}</td><td>${column.role}</td><td>${column.kind}</td><td>${type(reference)}</td><td>${type(current)}</td>${cell(reference?.distinct, figure(reference?.distinct), 'estimated, within about 1 %')}${cell(current?.distinct, figure(current?.distinct), 'estimated, within about 1 %')}${cell(current?.missing, figure(current?.missing), current ? `${current.notFinite} not finite, ${current.unreadable} unreadable` : '')}<td>${range(reference)}${reference?.first && current?.first ? ' → ' : ''}${range(current)}</td></tr>`
    size += Buffer.byteLength(row)
    if (size > budget) break
    rows.push(row)
  }
  const left = columns.length - rows.length
  return `<h2>Columns</h2><table data-sortable><thead><tr>${['Column', 'Role', 'Compared as', 'Type before', 'Type now'].map((name) => sortable(name)).join('')}${sortable('Distinct before', true)}${sortable('Distinct now', true)}${sortable('Missing now', true)}<th>Times</th></tr></thead><tbody>${rows.join('')}</tbody></table>${left > 0 ? `<p class="dim">and ${left.toLocaleString('en')} more</p>` : ''}`
}

import { KedgeError } from '../errors.ts'
import type { Watchers } from '../monitoring/evaluate-window.ts'
import { monitorSettings } from '../monitoring/monitor-settings.ts'
import { alignColumns } from './align-columns.ts'
import { MOST_CATEGORIES, type ScannedColumn } from './chunk-statement.ts'
import { createFindings } from './column-findings.ts'
import type { Comparison } from './comparison.ts'
import { conclude } from './conclude.ts'
import { compareCorrelations } from './correlations.ts'
import { judgeModel } from './judge-model.ts'
import { takeTexts } from './profiled-columns.ts'
import { listed } from './table.ts'
import { tableFile } from './table-file.ts'
import type { TableReader } from './table-reader.ts'
import type { TablesRequest } from './tables-request.ts'
import { chunkNumbers } from './views.ts'

/** Columns that one scan takes: their dense counts are in memory at once. */
const COLUMNS_OF_SCAN = 40

/**
 * Compares two files: columns, quality, drift, and what the named columns of the model allow. Files are read by columns,
 * each once (and those of the model once more). Errors: `table_unreadable`, `column_unknown`, `too_large`, `events_limit`.
 */
export async function compareTables(
  request: TablesRequest,
  watchers: Watchers,
  clock: () => number,
  open: () => Promise<TableReader>,
): Promise<Comparison> {
  const settings = monitorSettings.parse({ min_rows: 30, ...request.monitors })
  for (const metric of Object.values(settings.drift_metric))
    if (typeof metric === 'string' && !watchers.metrics.some((known) => known.name === metric))
      throw new KedgeError('invalid_input', {
        what: `"${metric}" is no drift metric (${watchers.metrics.map((known) => known.name).join(', ')})`,
      })
  const [before, after] = await Promise.all([tableFile(request.reference), tableFile(request.current)])
  const reader = await open()
  try {
    const [reference, current] = await Promise.all([reader.open(before, 'reference'), reader.open(after, 'current')])
    const { columns, scores } = alignColumns(reference, current, request)
    const chunks = chunkNumbers(reference.rows, current.rows)
    const labels = {
      reference: before.name,
      current: before.name === after.name ? `${after.name} (current)` : after.name,
    }
    const notes = [...reference.notes, ...current.notes]

    const found = createFindings(watchers, settings, labels)
    for (let start = 0; start < columns.length; start += COLUMNS_OF_SCAN) {
      const batch = columns.slice(start, start + COLUMNS_OF_SCAN)
      const scan = (side: 'reference' | 'current', as: (column: ScannedColumn) => ScannedColumn[]) => {
        const there = batch.flatMap((column) => (column[side] ? as(column[side]) : []))
        const table = side === 'reference' ? reference : current
        return there.length > 0 ? reader.profile(table, chunks[side], there) : undefined
      }
      const both = (as: (column: ScannedColumn) => ScannedColumn[]) =>
        Promise.all([scan('reference', as), scan('current', as)])
      const [then, now] = await both((column) => [column])
      const overflowing = (side: typeof then) =>
        new Set([...(side?.columns ?? [])].flatMap(([name, { overflow }]) => (overflow ? [name] : [])))
      const [many, manyNow] = [overflowing(then), overflowing(now)]
      const texts = await both((column) =>
        many.has(column.name) || manyNow.has(column.name) ? [{ ...column, kind: 'text' }] : [],
      )
      if (then && texts[0]) takeTexts(then, texts[0], many)
      if (now && texts[1]) takeTexts(now, texts[1], many)
      found.add(batch, then, now)
    }
    const texts = found.columns.filter((column) => column.kind === 'text').map((column) => column.name)
    if (texts.length > 0)
      notes.push(
        `more than ${MOST_CATEGORIES} different texts, compared by their lengths in characters: ${listed(texts)}`,
      )

    const [model, correlations] = await Promise.all([
      judgeModel({
        reader,
        reference,
        current,
        columns,
        chunks,
        found: found.columns,
        scoreSketches: found.scoreSketches,
        request,
        settings,
        watchers,
        labels,
      }),
      compareCorrelations(reader, reference, current, columns, notes),
    ])
    return conclude({
      title: `${after.name} against ${before.name}`,
      madeAt: clock(),
      reference: { label: labels.reference, rows: reference.rows },
      current: { label: labels.current, rows: current.rows },
      columns: found.columns,
      scores: [...scores, ...found.scores, ...model.scores],
      features: found.features,
      correlations,
      performance: model.performance,
      groups: model.groups,
      notes: [...notes, ...model.notes],
      kinds: watchers.kinds,
      settings,
      smallest: request.smallest,
      extra: { threshold: request.threshold, chunks },
    })
  } finally {
    await reader.close()
  }
}

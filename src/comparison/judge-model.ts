import type { MonitorKind, MonitorScore, Task } from '../contracts/monitor-kind.ts'
import { settingsFor, type Watchers } from '../monitoring/evaluate-window.ts'
import type { EndpointMonitorSettings } from '../monitoring/monitor-settings.ts'
import type { ConfusionMatrix } from '../statistics/confusion-matrix.ts'
import { mergeConfusionMatrices } from '../statistics/confusion-matrix.ts'
import type { GroupCounts } from '../statistics/fairness.ts'
import { mergeSketches, type Sketch } from '../statistics/sketch.ts'
import { mergePerformance, noPerformance, type PerformanceSums, type Slice } from '../statistics/slice.ts'
import type { AlignedColumn } from './align-columns.ts'
import type { ScoreSketches } from './column-findings.ts'
import type { ComparedColumn, Comparison } from './comparison.ts'
import { estimateErrors } from './estimate-errors.ts'
import { calibrateScores, estimateMonitors, estimateScores } from './estimate-without-truth.ts'
import { groupRates } from './group-rates.ts'
import { binaryMetrics, classMetrics, regressionMetrics } from './performance-table.ts'
import type { Table } from './table.ts'
import type { TableReader } from './table-reader.ts'
import type { TablesRequest } from './tables-request.ts'
import type { ModelColumns } from './truth-statement.ts'
import { referenceView, windowOf } from './views.ts'

export interface ModelRequest {
  reader: TableReader
  reference: Table
  current: Table
  columns: readonly AlignedColumn[]
  found: readonly ComparedColumn[]
  scoreSketches: ScoreSketches
  chunks: { reference: number; current: number }
  request: TablesRequest
  settings: EndpointMonitorSettings
  watchers: Watchers
  labels: { reference: string; current: string }
}

interface ModelFindings extends Pick<Comparison, 'performance' | 'groups' | 'notes'> {
  scores: MonitorScore[]
}

/** Numbers with at most so many different values, in target and prediction, are classes. */
const FEW_VALUES = 20

/** What the named columns of a model allow: performance realised and expected, and the same by groups. */
export async function judgeModel(given: ModelRequest): Promise<ModelFindings> {
  const findings: ModelFindings = { scores: [], performance: null, groups: [], notes: [] }
  const { target, prediction, score, groups = [] } = given.request
  const task = score !== undefined ? 'binary' : taskOf(given)
  if (task === undefined) {
    if (groups.length > 0 && prediction === undefined)
      findings.notes.push('groups are compared where --prediction or --score names what the model decides')
    if (target !== undefined && prediction === undefined)
      findings.notes.push('performance needs --prediction or --score beside --target')
  }
  const sides = {
    reference: { table: given.reference, chunks: given.chunks.reference, model: modelOf(given, 'reference') },
    current: { table: given.current, chunks: given.chunks.current, model: modelOf(given, 'current') },
  }
  const sums = await bySide(sides, ({ table, chunks, model }) =>
    task === undefined || !model.target ? undefined : sumsOf(given.reader, task, table, chunks, model),
  )
  if (task === 'binary') addBinary(given, sums, findings)
  if (task === 'classes')
    findings.performance = { task, metrics: classMetrics(confusionOf(sums.reference), confusionOf(sums.current)) }
  if (task === 'regression') {
    const estimated = sums.reference
      ? await estimateErrors(given.reader, given.columns, sides.reference, sides.current)
      : null
    findings.performance = {
      task,
      metrics: regressionMetrics(mergedOf(sums.reference), mergedOf(sums.current), estimated),
    }
  }
  const monitored: Task = task === 'classes' ? 'multiclass' : (task ?? 'binary')
  if (task !== undefined && sums.reference && sums.current)
    findings.scores.push(...monitor(given, 'performance', monitored, slices(sums.reference), slices(sums.current)))
  if (groups.length > 0 && (score !== undefined || prediction !== undefined)) await addGroups(given, sides, findings)
  return findings
}

function taskOf({ columns, found, request }: ModelRequest): 'classes' | 'regression' | undefined {
  const { target, prediction } = request
  if (target === undefined || prediction === undefined) return undefined
  const aligned = (name: string) => columns.find((column) => column.name === name)!
  const few = (name: string) => (found.find((column) => column.name === name)?.reference?.distinct ?? 0) <= FEW_VALUES
  const numbers = [target, prediction].every((name) => aligned(name).kind === 'number')
  return numbers && !(few(target) && few(prediction)) ? 'regression' : 'classes'
}

function modelOf({ columns, request }: ModelRequest, side: 'reference' | 'current'): ModelColumns {
  const of = (name: string | undefined) =>
    name === undefined ? null : (columns.find((column) => column.name === name)?.[side] ?? null)
  return {
    target: of(request.target),
    prediction: of(request.prediction),
    score: of(request.score),
    positive: request.positive,
    threshold: request.threshold,
  }
}

type Sides = Record<'reference' | 'current', { table: Table; chunks: number; model: ModelColumns }>

async function bySide<T>(sides: Sides, of: (side: Sides['reference']) => Promise<T> | T) {
  const [reference, current] = await Promise.all([of(sides.reference), of(sides.current)])
  return { reference, current }
}

async function sumsOf(
  reader: TableReader,
  task: 'binary' | 'classes' | 'regression',
  table: Table,
  chunks: number,
  model: ModelColumns,
): Promise<PerformanceSums[] | undefined> {
  const sums =
    task === 'binary'
      ? await reader.scoreSums(table, chunks, model)
      : task === 'regression'
        ? await reader.errorSums(table, chunks, model)
        : (await reader.confusions(table, chunks, model)).map((confusion) => ({
            ...noPerformance,
            joined: [...confusion.values()].reduce((n, row) => n + [...row.values()].reduce((a, b) => a + b, 0), 0),
            confusion,
          }))
  return sums.some((part) => part.joined > 0) ? sums : undefined
}

const mergedOf = (sums: readonly PerformanceSums[] | undefined) => sums?.reduce(mergePerformance) ?? null
const confusionOf = (sums: readonly PerformanceSums[] | undefined): ConfusionMatrix | null =>
  sums ? mergeConfusionMatrices(...sums.flatMap((part) => part.confusion ?? [])) : null

const slices = (sums: readonly PerformanceSums[]): Slice[] =>
  sums.map((performance) => ({
    rows: performance.joined,
    live: performance.joined,
    features: new Map(),
    performance,
    groups: new Map(),
  }))

function monitor(
  { watchers, settings, labels }: ModelRequest,
  family: string,
  task: Task,
  reference: readonly Slice[],
  current: readonly Slice[],
  complete = true,
): MonitorScore[] {
  const kind: MonitorKind | undefined = watchers.kinds.find((candidate) => candidate.family === family)
  if (!kind || settings.off.includes(family)) return []
  return kind.evaluate(
    windowOf(current, task, complete),
    referenceView(labels.reference, reference),
    settingsFor(kind, watchers, settings),
  )
}

function addBinary(
  given: ModelRequest,
  sums: Record<'reference' | 'current', PerformanceSums[] | undefined>,
  findings: ModelFindings,
) {
  const { settings, watchers, request } = given
  const { scoreSketches: sketches } = given
  const whole = (all: readonly Sketch[]) => mergeSketches(...all)
  const calibration = calibrateScores((mergedOf(sums.reference) ?? noPerformance).binary)
  const estimated = estimateScores(whole(sketches.current), request.threshold, settings.min_rows, calibration)
  findings.performance = {
    task: 'binary',
    metrics: binaryMetrics(mergedOf(sums.reference), mergedOf(sums.current), estimated),
  }
  if (settings.off.includes('performance')) return
  const kind = watchers.kinds.find((candidate) => candidate.family === 'performance')
  findings.scores.push(
    ...estimateMonitors({
      reference: sketches.reference,
      current: {
        whole: whole(sketches.current),
        rows: sketches.current.map((sketch) => [...sketch.values()].reduce((a, b) => a + b, 0)),
      },
      threshold: request.threshold,
      minRows: settings.min_rows,
      alpha: settings.alpha.performance ?? kind?.alpha ?? 0.05,
      calibration,
    }),
  )
}

async function addGroups(given: ModelRequest, sides: Sides, findings: ModelFindings) {
  const { reader, request } = given
  const counts: Record<'reference' | 'current', Map<string, GroupCounts>[]> = {
    reference: Array.from({ length: given.chunks.reference }, () => new Map()),
    current: Array.from({ length: given.chunks.current }, () => new Map()),
  }
  for (const column of request.groups ?? []) {
    const names = await reader.largestGroups(given.reference, column)
    const found = await bySide(sides, ({ table, chunks, model }) =>
      reader.groupCounts(table, chunks, model, column, names),
    )
    for (const side of ['reference', 'current'] as const)
      found[side].forEach((chunk, i) => {
        for (const [group, n] of chunk) counts[side][i]!.set(group, n)
      })
  }
  // both sides of a group beside each other, in the order of the reference
  const after = groupRates('current', counts.current)
  findings.groups = groupRates('reference', counts.reference).flatMap((before) => [
    before,
    ...after.filter((rates) => rates.group === before.group),
  ])
  const asSlices = (chunks: readonly Map<string, GroupCounts>[]): Slice[] =>
    chunks.map((chunk) => {
      const rows = [...chunk.values()].reduce((n, group) => n + group.n, 0)
      return {
        rows,
        live: rows,
        features: new Map(),
        performance: noPerformance,
        groups: new Map([...chunk].map(([name, own]) => [name, { ...own, performance: noPerformance }])),
      }
    })
  const complete = counts.current.some((chunk) =>
    [...chunk.values()].some((group) => group.positives + group.negatives > 0),
  )
  findings.scores.push(
    ...monitor(given, 'bias', 'binary', asSlices(counts.reference), asSlices(counts.current), complete),
  )
}

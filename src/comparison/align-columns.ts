import type { MonitorScore } from '../contracts/monitor-kind.ts'
import { KedgeError } from '../errors.ts'
import type { ScannedColumn } from './chunk-statement.ts'
import type { ColumnKind, ComparedColumn } from './comparison.ts'
import { kindOf, listed, type Table, type TableColumn } from './table.ts'

export interface ColumnRequest {
  /** all when absent; those of roles are always there */
  columns?: readonly string[]
  target?: string
  prediction?: string
  score?: string
  groups?: readonly string[]
}

export interface AlignedColumn {
  name: string
  kind: ColumnKind
  role: ComparedColumn['role']
  reference: ScannedColumn | null
  current: ScannedColumn | null
}

export interface Alignment {
  columns: AlignedColumn[]
  /** what is different about the columns themselves */
  scores: MonitorScore[]
}

const MONITOR = 'quality.schema'
/** More columns than the reports are made for. */
const MOST_COLUMNS = 20_000

/**
 * The columns of both sides beside each other. What a column is compared as, the reference says. A column that went, or
 * whose kind changed, violates `quality.schema`; a new one is to be watched; the truth may be missing from the current side.
 * Errors: `column_unknown`, naming file and column; `too_large`.
 */
export function alignColumns(reference: Table, current: Table, request: ColumnRequest): Alignment {
  const then = new Map(reference.columns.map((column) => [column.name, column]))
  const now = new Map(current.columns.map((column) => [column.name, column]))
  const roles = rolesOf(request)
  for (const name of roles.keys()) need(reference, then, name)
  for (const name of request.columns ?? []) need(reference, then, name)
  for (const name of [request.prediction, request.score, ...(request.groups ?? [])])
    if (name !== undefined) need(current, now, name)

  const wanted = request.columns && new Set([...request.columns, ...roles.keys()])
  const names = [...new Set([...then.keys(), ...now.keys()])].filter((name) => wanted?.has(name) ?? true)
  if (names.length > MOST_COLUMNS)
    throw new KedgeError('too_large', {
      what: `A comparison of ${names.length} columns (name those that matter with --columns)`,
      limit: `${MOST_COLUMNS} columns`,
    })
  const aligned: Alignment = { columns: [], scores: [] }
  for (const name of names) {
    const role = roles.get(name) ?? 'feature'
    const [before, after] = [then.get(name), now.get(name)]
    const kind = before?.kind ?? after?.kind ?? 'other'
    aligned.columns.push({
      name,
      kind,
      role,
      reference: before ? scanned(before, kind) : null,
      current: after ? scanned(after, kind) : null,
    })
    if (role === 'target' && !after) continue
    const change = changeOf(before, after, kind)
    aligned.scores.push(schemaScore(name, change, before?.type ?? null, after?.type ?? null))
  }
  return aligned
}

function need({ file }: Table, columns: ReadonlyMap<string, TableColumn>, name: string) {
  if (!columns.has(name))
    throw new KedgeError('column_unknown', { file: file.path, column: name, columns: listed([...columns.keys()]) })
}

function rolesOf({ target, prediction, score, groups }: ColumnRequest): Map<string, ComparedColumn['role']> {
  const roles = new Map<string, ComparedColumn['role']>()
  for (const name of groups ?? []) roles.set(name, 'group')
  if (prediction !== undefined) roles.set(prediction, 'prediction')
  if (score !== undefined) roles.set(score, 'score')
  if (target !== undefined) roles.set(target, 'target')
  return roles
}

const scanned = ({ name, type, kind, asText }: TableColumn, as: ColumnKind): ScannedColumn => ({
  name,
  type,
  // where it cannot be read as what the reference has, its presence is all that can be compared
  kind:
    kind === as || (as === 'number' && kind === 'category') || (as === 'category' && kind === 'number')
      ? as
      : kind === undefined
        ? as
        : 'other',
  parsed: as === 'number' && (asText || kind === 'category' || kind === undefined),
})

/** What is wrong; undefined when nothing is. */
function changeOf(before: TableColumn | undefined, after: TableColumn | undefined, kind: ColumnKind) {
  if (!after) return 'gone'
  if (!before) return 'new'
  const unlike = (column: TableColumn) => column.kind !== undefined && column.kind !== kind
  return unlike(after) || kindOf(before.type) !== (after.kind ?? before.kind) ? 'type' : undefined
}

function schemaScore(feature: string, change: string | undefined, was: string | null, is: string | null): MonitorScore {
  return {
    monitor: MONITOR,
    feature,
    segment: '',
    value: change === undefined ? 0 : 1,
    low: null,
    high: null,
    samples: 1,
    thresholdLow: null,
    thresholdHigh: 0,
    state: change === undefined ? 'ok' : change === 'new' ? 'watch' : 'violation',
    p: null,
    definition: {
      metric: 'schema',
      formula: '1 when the column is gone, new or of another kind',
      change: change ?? null,
      was,
      is,
    },
  }
}

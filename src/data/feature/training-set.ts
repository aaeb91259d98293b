import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Expression } from '../../contracts/curation.ts'
import type { ExpectationDefinition } from '../../contracts/expectation.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { asColumn, createRelation } from '../curation/relation.ts'
import type { DatasetSpec } from '../dataset-spec.ts'
import { documentDigest } from '../document-digest.ts'
import { compileExpression } from '../expression/compile-expression.ts'
import { convert } from '../expression/conversion.ts'
import { nearest } from '../expression/nearest.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import type { DatasetVersion, DatasetVersionSummary, VersionSource } from '../version/dataset-version.ts'
import { keepTable } from '../version/keep-table.ts'
import { createRunEngine } from '../version/run-engine.ts'
import { runFolder } from '../version/run-folder.ts'
import type { VersionFiles } from '../version/version-files.ts'
import type { Versions } from '../version/versions.ts'
import type { DeclaredView, Kept } from './declared-views.ts'
import type { FeatureViewSpec, TrainingSetSpec } from './feature-view-spec.ts'
import { featuresAt, inputRows } from './features-at.ts'
import { entitySql, type FeaturePlan, microseconds } from './plan-features.ts'

/** Raised when the same inputs would give other rows than before. */
const codeVersion = 1

export interface TrainingSetRequest {
  project: string
  /** the dataset whose version is made */
  name: string
  spec: TrainingSetSpec
  /** of the labels; the latest when absent */
  version?: number | string | undefined
  /** half-open window on the labels' time, milliseconds since 1970 */
  from?: number | undefined
  to?: number | undefined
  signal?: AbortSignal | undefined
}

export interface TrainingSetDeps {
  environment: Environment
  engine: EventsStore
  versions: Versions
  files: VersionFiles
  views: Kept<FeatureViewSpec>
  expectations: readonly ExpectationDefinition[]
  dataset(project: string, name: string): Promise<DatasetSpec | undefined>
  /** The newest version with all rows of a view's dataset, and the view compiled over its columns. */
  planned(view: DeclaredView): Promise<{ plan: FeaturePlan; version: DatasetVersionSummary }>
}

interface Chosen {
  view: DeclaredView
  plan: FeaturePlan
  version: DatasetVersionSummary
  /** names of the features that are wanted, in order; those of the request among them */
  names: string[]
}

/**
 * Makes a version of a training set, or finds the one that the same inputs gave: each label row with the features as they
 * were known at its time. Errors: `invalid_input` names what is wrong, `dataset_empty`, `not_found`.
 */
export async function makeTrainingSet(
  deps: TrainingSetDeps,
  context: ChangeContext,
  request: TrainingSetRequest,
): Promise<DatasetVersion> {
  const { environment, engine, versions } = deps
  const { project, name, spec } = request
  const labels = await versions.get(project, spec.labels, request.version ?? 'latest')
  const chosen = await chooseFeatures(deps, project, spec.features)
  const window = request.from === undefined || request.to === undefined ? null : { from: request.from, to: request.to }
  const specDigest = documentDigest(spec)
  const inputKey = documentDigest([
    ...['training set', codeVersion, specDigest, labels.digest, window],
    ...chosen.map(({ view, version, names }) => [view.specDigest, version.digest, names]),
  ])
  const known = await versions.byInput(project, name, inputKey)
  if (known) return known

  const folder = runFolder(environment.dataDirectory)
  const run = createRunEngine(engine, request.signal)
  try {
    await mkdir(folder, { recursive: true })
    const time = spec.time ?? (await deps.dataset(project, spec.labels))?.time
    const { sql, columns } = await joinSql(deps, spec, labels, chosen, time, window)
    const file = join(folder, 'joined.parquet')
    await run.command(
      `INSERT INTO FUNCTION file(${quoteText(file)}, Parquet) SELECT ${columns.map((column) => `${asColumn(quoteName(column.name), column.type)} AS ${quoteName(column.name)}`).join(', ')} FROM (${sql}) ORDER BY __position`,
      undefined,
      { max_bytes_before_external_sort: 500_000_000 },
    )
    const described = await engine.query<{ name: string; type: string }>(
      `DESCRIBE TABLE file(${quoteText(file)}, Parquet)`,
    )
    const table = {
      sql: `file(${quoteText(file)}, Parquet)`,
      params: {},
      columns: described.map((column) => ({ name: column.name, type: column.type })),
      types: columns,
      rowNumber: 's._row_number',
      stable: true,
    }
    const used = new Map(
      [labels, ...chosen.map(({ version }) => version)].map((one) => [`${one.dataset}@${one.version}`, one]),
    )
    const sources: VersionSource[] = [
      ...[...used].map(([source, one]) => ({
        ...{ name: source, kind: 'dataset', configDigest: one.specDigest, state: one.digest, rows: one.rowCount },
      })),
      ...chosen.map(({ view, version }) => ({
        ...{ name: view.name, kind: 'feature_view', configDigest: view.specDigest, state: version.digest },
        rows: version.rowCount,
      })),
    ]
    return await keepTable(deps, context, {
      ...{ project, dataset: name, table, folder, inputKey, specDigest, window },
      sources: () => sources,
      learnt: spec.label,
      signal: request.signal,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The views behind names such as `customers` and `customers.age`, in the order in which they are first named. */
export async function chooseFeatures(
  { views, planned }: Pick<TrainingSetDeps, 'views' | 'planned'>,
  project: string,
  wanted: readonly string[],
): Promise<Chosen[]> {
  const chosen = new Map<string, Chosen>()
  for (const [i, one] of wanted.entries()) {
    const [viewName, feature] = one.split('.') as [string, string | undefined]
    const refuse = (what: string) =>
      new KedgeError('invalid_input', { what }, { places: [{ where: `features.${i}`, what }] })
    let found = chosen.get(viewName)
    if (!found) {
      const view = await views.find(project, viewName)
      if (!view) {
        const hint = nearest(
          viewName,
          (await views.list(project)).map(({ name }) => name),
        )
        throw refuse(`there is no feature view ${viewName}${hint ? `; did you mean ${hint}?` : ''}`)
      }
      found = { view, names: [], ...(await planned(view)) }
      chosen.set(viewName, found)
    }
    const all = [...found.plan.features, ...found.plan.onDemand].map(({ name }) => name)
    if (feature !== undefined && !all.includes(feature)) {
      const hint = nearest(feature, all)
      throw refuse(`${viewName} has no feature ${feature}${hint ? `; did you mean ${hint}?` : ''}`)
    }
    for (const name of feature === undefined ? all : [feature]) if (!found.names.includes(name)) found.names.push(name)
  }
  return [...chosen.values()]
}

/** SQL that gives every label row with the features of its moment, and `__position`. */
async function joinSql(
  { files }: Pick<TrainingSetDeps, 'files'>,
  spec: TrainingSetSpec,
  labels: DatasetVersionSummary,
  chosen: readonly Chosen[],
  time: string | undefined,
  window: { from: number; to: number } | null,
) {
  const refuse = (what: string): never => {
    throw new KedgeError('invalid_input', { what: `The training set of ${spec.labels}: ${what}` })
  }
  if (time === undefined) return refuse('time is missing: neither it nor the labels name a column with the time')
  const rows = (await files.rows(labels)).sql
  const relation = createRelation(labels.schema, `the labels ${spec.labels}`)
  const moment = relation.column(time)
  if (moment.type !== 'time' && moment.type !== 'date') refuse(`the column ${time} is ${moment.type}, not a time`)
  const at = microseconds(moment.sql)
  const inWindow = window ? `${at} >= ${window.from * 1000} AND ${at} < ${window.to * 1000}` : 'true'
  const columns = labels.schema.map(({ name, type }) => ({ name, type }))
  const selected = columns.map(({ name }) => `p.${quoteName(name)} AS ${quoteName(name)}`)
  const joins: string[] = []
  for (const [i, { plan, version, names }] of chosen.entries()) {
    const key = entitySql(plan.keys.map((column) => relation.column(spec.keys[column] ?? column)))
    const moments = `SELECT assumeNotNull(${key}) AS k, assumeNotNull(${at}) AS t, p.__position AS pos FROM ${rows} AS p WHERE (${key}) IS NOT NULL AND (${at}) IS NOT NULL AND ${inWindow}`
    const inputs = inputRows(plan, (await files.rows(version)).sql, 'p.__position')
    joins.push(`LEFT JOIN (${featuresAt(plan, inputs, moments)}) AS v${i} ON v${i}.pos = p.__position`)
    const values = new Map<string, Expression>(
      plan.features.map(({ name, type }) => [name, { sql: `v${i}.${quoteName(name)}`, type }]),
    )
    for (const request of requestOf(chosen[i]!)) {
      const given = relation.column(request.name)
      values.set(request.name, { sql: convert(given.sql, given.type, request.type), type: request.type })
    }
    for (const { name, text } of plan.onDemand) values.set(name, compileExpression(text, values))
    for (const name of names) {
      const { sql, type } = values.get(name)!
      if (columns.some((column) => column.name === name)) refuse(`two columns would be named ${name}`)
      columns.push({ name, type })
      selected.push(`${sql} AS ${quoteName(name)}`)
    }
  }
  return {
    columns,
    sql: `SELECT ${selected.join(', ')}, p.__position AS __position FROM ${rows} AS p ${joins.join(' ')} WHERE ${inWindow}`,
  }
}

/** What the wanted features need of the label rows, as they need it of requests. */
const requestOf = ({ view, plan, names }: Chosen) =>
  plan.onDemand.some(({ name }) => names.includes(name))
    ? Object.entries(view.spec.request).map(([name, type]) => ({ name, type }))
    : []

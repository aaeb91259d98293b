import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceTable } from '../../contracts/source.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { fromJson } from '../../storage/sql/json-column.ts'
import { compileCuration } from '../curation/compile-curation.ts'
import { type Correction, correctTable } from '../curation/correct-table.ts'
import type { DataExtensions, DatasetSpec, SourceSpec } from '../dataset-spec.ts'
import { documentDigest } from '../document-digest.ts'
import { quoteName } from '../expression/sql-text.ts'
import { batchTable, chunkTable } from '../stream/batch-files.ts'
import { microBatches } from '../stream/micro-batches.ts'
import type { DatasetVersionSummary } from '../version/dataset-version.ts'
import { createRunEngine } from '../version/run-engine.ts'
import { runFolder } from '../version/run-folder.ts'
import type { Versions } from '../version/versions.ts'
import { inputRows } from './features-at.ts'
import { landedPieces } from './landed-pieces.ts'
import type { FeaturePlan } from './plan-features.ts'

/** A dataset whose rows can be followed as they land: a stream, curated row by row. */
export interface LiveDataset {
  project: string
  spec: DatasetSpec
  source: SourceSpec
  version: DatasetVersionSummary
  /** sequence of the first landed row that the version has not */
  position: number
}

export interface LandedInputs {
  /** after the last of them, for the next call */
  position: number
  /** entity, time in microseconds, inputs; in the order in which they landed */
  rows: [string, number, ...(number | string | null)[]][]
}

export interface LandedDeps {
  environment: Environment
  engine: EventsStore
  extensions: DataExtensions
  versions: Versions
  corrections(project: string, dataset: string): Promise<Correction[]>
  secret(project: string, name: string): Promise<string>
}

/** Chunks that are read at once: more come with the next call. */
const mostRows = 200_000

/** Whether rows of a dataset reach its features as they land; undefined where they come with versions alone. */
export function liveDataset(
  { extensions }: Pick<LandedDeps, 'extensions'>,
  declared: { spec: DatasetSpec; specDigest: string; source: SourceSpec },
  version: DatasetVersionSummary,
): LiveDataset | undefined {
  const { spec, source } = declared
  if (!extensions.streams?.some(({ kind }) => kind === source.kind)) return undefined
  const rowByRow = spec.curate.every(
    (step) => extensions.operations.find(({ kind }) => step[kind] !== undefined)?.rowByRow,
  )
  const state = version.sources[0]?.state
  // rows that land are curated as those of the version were; what is declared otherwise begins with the next version
  const isOfVersion =
    declared.specDigest === version.specDigest && documentDigest(source) === version.sources[0]?.configDigest
  if (!isOfVersion) return undefined
  if (!rowByRow || state === undefined || version.window !== null) return undefined
  // all of a stream says where it ends, what was added to it which row was the last
  const cursor = /^cursor:(\d+):/.exec(state)?.[1]
  const position = cursor === undefined ? Number(state.slice(state.lastIndexOf(':') + 1)) : Number(cursor) + 1
  return Number.isSafeInteger(position) ? { project: version.project, spec, source, version, position } : undefined
}

/** How many rows of a stream are durable. */
export async function landedRows({ store }: Pick<Environment, 'store'>, project: string, source: string) {
  const row = await store.read
    .selectFrom('streams')
    .select(['landed', 'landed_at'])
    .where('project', '=', project)
    .where('name', '=', source)
    .executeTakeFirst()
  return { landed: Number(row?.landed ?? 0), landedAt: row?.landed_at ?? null }
}

/** A table of the rows of a stream from `after` on, of micro-batches and of what is in none yet. */
async function landedSince(
  { environment }: Pick<LandedDeps, 'environment'>,
  live: LiveDataset,
  after: number,
  folder: string,
): Promise<{ table: SourceTable & { rowNumber: string }; end: number } | undefined> {
  const { store, blobs } = environment
  const { project, spec } = live
  const types = await sourceSchema(store, live)
  const stream = await store.read
    .selectFrom('streams')
    .select('columns')
    .where('project', '=', project)
    .where('name', '=', spec.from)
    .executeTakeFirst()
  if (!stream) return undefined
  const columns = fromJson<string[]>(stream.columns)
  // chunks first: what becomes a micro-batch meanwhile must be in one of the two
  const buffered = await store.read
    .selectFrom('stream_chunks')
    .select(['first', 'rows', 'data'])
    .where('project', '=', project)
    .where('source', '=', spec.from)
    .where('kind', '=', 'rows')
    .orderBy('first')
    .limit(2000)
    .execute()
  const filed = await microBatches(store, project, spec.from, 'rows')
  const { batches, chunks, end } = landedPieces(filed, buffered, after, mostRows)
  if (end === after) return undefined
  const tables: string[] = []
  for (const { batch, end } of batches)
    tables.push(
      `(SELECT * FROM ${batchTable([await blobs.localPath(batch.digest)], columns)} WHERE \`_sequence\` < ${end})`,
    )
  if (chunks[0]) {
    const file = join(folder, 'landed.zst')
    await writeFile(file, Buffer.concat(chunks.map(({ data }) => data)))
    tables.push(chunkTable(file, chunks[0].first, columns))
  }
  const sql = `(SELECT * FROM (${tables.map((table) => `SELECT * FROM ${table}`).join(' UNION ALL ')}) WHERE \`_sequence\` >= ${after} AND \`_sequence\` < ${end})`
  const known = types.filter(({ name }) => ['_sequence', '_received_at', ...columns].includes(name))
  return {
    end,
    table: {
      sql,
      params: {},
      columns: known.map(({ name }) => ({
        name,
        type: name === '_sequence' ? 'Int64' : name === '_received_at' ? "DateTime64(3, 'UTC')" : 'Nullable(String)',
      })),
      untyped: true,
      types: known,
      rowNumber: 's._sequence',
    },
  }
}

/** Columns of the source in the types that the version was read in, so that a value means the same in both. */
async function sourceSchema(store: Environment['store'], { project, version }: LiveDataset) {
  const row = await store.read
    .selectFrom('dataset_versions')
    .select('source_schema')
    .where('project', '=', project)
    .where('dataset', '=', version.dataset)
    .where('version', '=', version.version)
    .executeTakeFirstOrThrow()
  return fromJson<DatasetVersionSummary['schema']>(row.source_schema)
}

/**
 * SQL of the rows that landed from `after` on, curated as the version was, as features take them (`k`, `t`, `pos` and the
 * inputs), for as long as `use` runs. Undefined when nothing has landed.
 */
export async function withLanded<T>(
  deps: LandedDeps,
  live: LiveDataset,
  plan: FeaturePlan,
  after: number,
  use: (input: { sql: string; end: number; params: Record<string, unknown> }) => Promise<T>,
): Promise<T | undefined> {
  const folder = runFolder(deps.environment.dataDirectory)
  await mkdir(folder, { recursive: true })
  try {
    const found = await landedSince(deps, live, after, folder)
    if (!found) return undefined
    const corrections = await deps.corrections(live.project, live.version.dataset)
    const pipeline = await compileCuration({
      table: correctTable(found.table, corrections),
      time: live.spec.time,
      curate: live.spec.curate,
      operations: deps.extensions.operations,
      secret: ({ secret }) => deps.secret(live.project, secret),
      aggregate: () => {
        throw new KedgeError('internal', {}, { cause: new Error('a step that is row by row asks for others') })
      },
    })
    const rows = `(SELECT ${pipeline.columns.map(({ name }) => quoteName(name)).join(', ')}, __row FROM (${pipeline.sql}) WHERE __verdict = 0)`
    return await use({ sql: inputRows(plan, rows, 'p.__row'), end: found.end, params: pipeline.params })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The rows that landed from `after` on. */
export async function landedInputs(
  deps: LandedDeps,
  live: LiveDataset,
  plan: FeaturePlan,
  after: number,
): Promise<LandedInputs> {
  const run = createRunEngine(deps.engine)
  const inputs = plan.inputs.map((_, i) => `i${i}`)
  const found = await withLanded(deps, live, plan, after, async ({ sql, end, params }) => {
    const rows = await run.query<Record<string, number | string | null>>(
      `SELECT k, toString(t) AS at, ${inputs.join(', ')} FROM (${sql}) ORDER BY pos`,
      params,
    )
    return {
      position: end,
      rows: rows.map(
        (row) =>
          [row.k as string, Number(row.at), ...inputs.map((name) => row[name] ?? null)] as LandedInputs['rows'][number],
      ),
    }
  })
  return found ?? { position: after, rows: [] }
}

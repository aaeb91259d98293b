import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../../environment.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { fromJson, toJson } from '../../storage/sql/json-column.ts'
import { documentDigest } from '../document-digest.ts'
import { quoteText } from '../expression/sql-text.ts'
import type { DatasetVersionSummary } from '../version/dataset-version.ts'
import { createRunEngine } from '../version/run-engine.ts'
import { runFolder } from '../version/run-folder.ts'
import type { VersionFiles } from '../version/version-files.ts'
import type { DeclaredView } from './declared-views.ts'
import { inputRows } from './features-at.ts'
import type { LiveDataset } from './landed-inputs.ts'
import type { FeaturePlan, PlannedFeature } from './plan-features.ts'

/** What a lookup must know of a view to make values of its rows. */
export interface ServedPlan {
  keys: string[]
  inputs: ('number' | 'text')[]
  features: Pick<PlannedFeature, 'name' | 'type' | 'how' | 'input' | 'over'>[]
  span: number
  ttl: number | null
  request: Record<string, PlannedFeature['type']>
  onDemand: { name: string; text: string; type: PlannedFeature['type'] }[]
}

/** The rows that the lookups of a view begin with. */
export interface FeatureBase {
  generation: string
  /** Parquet: `key`, `time` in microseconds, the inputs `i0` …; by time */
  digest: string
  plan: ServedPlan
  version: number | null
  /** sequence of the first landed row that is not in it; null where rows come with versions alone */
  position: number | null
  entities: number
  rows: number
  /** milliseconds since 1970 */
  newest: number | null
  createdAt: number
}

/** Raised when the same rows would be kept otherwise than before. */
const codeVersion = 1
/** Older bases are let go: who holds one goes on with it. */
const kept = 2

export const servedPlan = (view: DeclaredView, plan: FeaturePlan): ServedPlan => ({
  keys: plan.keys,
  inputs: plan.inputs.map(({ kind }) => kind),
  features: plan.features.map(({ name, type, how, input, over }) => ({ name, type, how, input, over })),
  span: plan.span,
  ttl: plan.ttl,
  request: view.spec.request,
  onDemand: plan.onDemand,
})

/** Names what a view's values are a function of: of a stream not how far it has come, else the version. */
export const generationOf = (
  view: DeclaredView,
  plan: FeaturePlan,
  version: DatasetVersionSummary,
  live: LiveDataset | undefined,
  corrections: number,
): string => {
  const { inputs, key, time, where } = plan
  const rows = live ? [version.specDigest, version.sources[0]?.configDigest, corrections] : [version.digest]
  return documentDigest([codeVersion, servedPlan(view, plan), inputs, key, time, where, ...rows]).slice(0, 32)
}

/** The newest base of a view. */
export async function newestBase(
  { store }: Pick<Environment, 'store'>,
  project: string,
  view: string,
): Promise<FeatureBase | undefined> {
  const row = await store.read
    .selectFrom('feature_bases')
    .selectAll()
    .where('project', '=', project)
    .where('view', '=', view)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return (
    row && {
      generation: row.generation,
      digest: row.digest,
      plan: fromJson<ServedPlan>(row.plan),
      version: row.version,
      position: row.position === null ? null : Number(row.position),
      entities: Number(row.entities),
      rows: Number(row.rows),
      newest: row.newest === null ? null : Number(row.newest),
      createdAt: row.created_at,
    }
  )
}

/** Writes the rows of a version that still count, now or within a window, as the base of a view. */
export async function buildBase(
  { environment, engine, files }: { environment: Environment; engine: EventsStore; files: VersionFiles },
  context: ChangeContext,
  view: DeclaredView,
  {
    plan,
    version,
    live,
    generation,
  }: { plan: FeaturePlan; version: DatasetVersionSummary; live: LiveDataset | undefined; generation: string },
  signal?: AbortSignal,
): Promise<void> {
  const { journal, blobs, clock, dataDirectory } = environment
  const folder = runFolder(dataDirectory)
  const run = createRunEngine(engine, signal)
  const now = clock() * 1000
  const file = join(folder, 'base.parquet')
  const inputs = plan.inputs.map((_, i) => `i${i}`)
  try {
    await mkdir(folder, { recursive: true })
    const rows = inputRows(plan, (await files.rows(version)).sql, 'p.__position')
    // the newest of what has been and of what is to come: clocks of devices run ahead
    const placed = `SELECT *, row_number() OVER (PARTITION BY k, t > ${now} ORDER BY t DESC, pos DESC) AS place FROM (${rows})`
    const fresh = plan.ttl === null ? 'true' : `t > ${now - plan.ttl}`
    const counting = plan.span === 0 ? `t > ${now}` : `t > ${now - plan.span}`
    await run.command(
      `INSERT INTO FUNCTION file(${quoteText(file)}, Parquet) SELECT k AS key, toInt64(t) AS time, ${inputs.join(', ')} FROM (${placed}) WHERE (place = 1 AND ${fresh}) OR ${counting} ORDER BY t, pos`,
      undefined,
      { max_bytes_before_external_sort: 500_000_000, output_format_parquet_row_group_size: 131_072 },
    )
    const [found] = await run.query<{ n: number; entities: number; newest: string | null }>(
      `SELECT count() AS n, uniqExact(key) AS entities, if(n = 0, NULL, toString(max(time))) AS newest FROM file(${quoteText(file)}, Parquet)`,
    )
    const blob = await blobs.putFile(file, { move: true })
    await journal.change(context, async (change) => {
      const of = { project: view.project, view: view.name }
      await change.db
        .insertInto('feature_bases')
        .values({
          ...of, generation, digest: blob.digest, plan: toJson(servedPlan(view, plan)), version: version.version, position: live?.position ?? null,
          entities: Number(found!.entities), rows: Number(found!.n), newest: found!.newest === null ? null : Math.round(Number(found!.newest) / 1000),
          created_at: change.now,
        }) // biome-ignore format: a row
        .execute()
      const old = await change.db
        .selectFrom('feature_bases')
        .select('id')
        .where('project', '=', of.project)
        .where('view', '=', of.view)
        .orderBy('id', 'desc')
        .offset(kept)
        .limit(100)
        .execute()
      if (old.length > 0)
        await change.db
          .deleteFrom('feature_bases')
          .where(
            'id',
            'in',
            old.map(({ id }) => id),
          )
          .execute()
      change.append({
        type: 'feature_view.built',
        project: view.project,
        subject: `feature_view/${view.name}`,
        data: { view: view.name, generation, version: version.version, entities: Number(found!.entities) },
      })
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

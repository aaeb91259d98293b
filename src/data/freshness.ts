import type { Environment } from '../environment.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import type { DatasetSpec } from './dataset-spec.ts'
import type { Declarations } from './declarations.ts'
import type { Profile } from './profile/profile.ts'
import { millisecondsOf } from './span.ts'
import type { Streams } from './stream/streams.ts'
import type { Versions } from './version/versions.ts'

export interface DatasetFreshness {
  dataset: string
  source: string
  kind: string
  /** who answers for it, by its contract */
  owner: string | null
  /** when the newest published version was made */
  pulledAt: number | null
  version: number | null
  /** time of the newest row in it, by the column that freshness is told from */
  newestAt: number | null
  /** how old the newest row may be, in milliseconds, and who says so */
  within: number | null
  declaredIn: 'contract' | 'expectation' | null
  /** late: older than it may be; unknown: nothing says how old it may be, or no row has a time */
  state: 'fresh' | 'late' | 'unknown' | 'never'
  /** pulls in a row that have not led to a published version */
  failures: number
  lastFailure: { at: number; code: string; message: string } | null
  quarantined: number | null
  /** of a source that is one */
  stream: { state: 'running' | 'paused'; connection: string; landedAt: number | null; problem: string | null } | null
}

/** The finished pulls that are looked at for failures. */
const mostJobs = 1000

/** How old each dataset of a project is, against how old it may be. */
export async function freshnessOf(
  {
    store,
    jobs,
    clock,
    declarations,
    versions,
    streams,
  }: Pick<Environment, 'store' | 'jobs' | 'clock'> & {
    declarations: Pick<Declarations, 'sources' | 'datasets'>
    versions: Pick<Versions, 'latest'>
    streams: Pick<Streams, 'list'>
  },
  project: string,
): Promise<DatasetFreshness[]> {
  const kinds = new Map((await declarations.sources(project)).map(({ name, kind }) => [name, kind]))
  const running = new Map((await streams.list(project)).map((one) => [one.name, one]))
  const pulls = (await jobs.list({ project, kind: 'data.materialise', limit: mostJobs })).map((job) => ({
    ...job,
    dataset: (job.payload as { dataset: string }).dataset,
  }))
  const now = clock()
  const found: DatasetFreshness[] = []
  for (const { name, spec } of await declarations.datasets(project)) {
    const latest = await versions.latest(project, name)
    const told = declared(spec)
    const newestAt = latest && told.column ? await newestRow(store, latest, told.column) : null
    const ended = pulls.filter(
      ({ dataset, state }) => dataset === name && (state === 'failed' || state === 'succeeded'),
    )
    const good = ended.findIndex(({ state }) => state === 'succeeded')
    const failed = good === -1 ? ended : ended.slice(0, good)
    const stream = running.get(spec.from)
    const last = failed[0]
    found.push({
      dataset: name,
      source: spec.from,
      kind: kinds.get(spec.from) ?? '',
      owner: spec.contract?.owner ?? null,
      pulledAt: latest?.createdAt ?? null,
      version: latest?.version ?? null,
      newestAt,
      within: told.within,
      declaredIn: told.from,
      state: !latest
        ? 'never'
        : told.within === null || newestAt === null
          ? 'unknown'
          : now - newestAt > told.within
            ? 'late'
            : 'fresh',
      failures: failed.length,
      lastFailure: last?.error
        ? { at: last.finishedAt ?? last.createdAt, code: last.error.code, message: last.error.message }
        : null,
      quarantined: latest?.counts.quarantined ?? null,
      stream: stream
        ? {
            state: stream.state,
            connection: stream.connection,
            landedAt: stream.landedAt,
            problem: stream.problem,
          }
        : null,
    })
  }
  return found
}

/** The strictest of what the contract and the expectations say of the newest row. */
function declared(spec: DatasetSpec): {
  column: string | undefined
  within: number | null
  from: DatasetFreshness['declaredIn']
} {
  const promise = spec.contract?.freshness
  const says = [
    ...(promise && spec.time
      ? [{ column: spec.time, within: millisecondsOf(promise), from: 'contract' as const }]
      : []),
    ...(spec.expect ?? []).flatMap(({ freshness }) => {
      const { column, within } = (freshness ?? {}) as { column?: string; within?: string }
      return column && within ? [{ column, within: millisecondsOf(within), from: 'expectation' as const }] : []
    }),
  ].sort((a, b) => a.within - b.within)
  return says[0] ?? { column: spec.time, within: null, from: null }
}

async function newestRow(
  store: Environment['store'],
  { project, dataset, version }: { project: string; dataset: string; version: number },
  column: string,
): Promise<number | null> {
  const row = await store.read
    .selectFrom('dataset_versions')
    .select('profile')
    .where('project', '=', project)
    .where('dataset', '=', dataset)
    .where('version', '=', version)
    .executeTakeFirst()
  const most = row && fromJson<Profile>(row.profile).columns.find(({ name }) => name === column)?.max
  return typeof most === 'number' ? most : most ? Date.parse(most) || null : null
}

import { mkdir, rm } from 'node:fs/promises'
import type { Column } from '../../contracts/column.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { toJson } from '../../storage/sql/json-column.ts'
import { compileCuration } from '../curation/compile-curation.ts'
import type { DataExtensions, DatasetSpec, SourceSpec } from '../dataset-spec.ts'
import { documentDigest } from '../document-digest.ts'
import { openSource, type SourceAccess } from '../source/open-source.ts'
import { sourceError } from '../source/source-error.ts'
import type { Batch, DatasetVersion, VersionSource } from './dataset-version.ts'
import { pullAll, pullNew } from './pull-source.ts'
import { runFolder } from './run-folder.ts'
import type { Versions } from './versions.ts'
import { writeVersion } from './write-version.ts'

/** Raised when the same inputs would give other rows than before: old versions stay, new ones are made anew. */
const codeVersion = 1

export interface MaterialiseRequest {
  project: string
  dataset: string
  /** half-open window on the dataset's time column, milliseconds since 1970 */
  from?: number | undefined
  to?: number | undefined
  label?: string | undefined
}

export interface MaterialiseContext {
  signal?: AbortSignal | undefined
  progress?(value: unknown): void
}

export interface MaterialiseDeps {
  environment: Environment
  engine: EventsStore
  access: SourceAccess
  extensions: DataExtensions
  versions: Versions
  /** the declarations as they are now */
  declared(project: string, dataset: string): Promise<{ spec: DatasetSpec; specDigest: string; source: SourceSpec }>
}

export type Materialise = (
  context: ChangeContext,
  request: MaterialiseRequest,
  work?: MaterialiseContext,
) => Promise<DatasetVersion>

/**
 * Makes a version of a dataset, or finds the one that the same inputs gave. Until the last step, which publishes in one
 * transaction, there are only files of this run and content-addressed blobs, so it may die at any moment and start again.
 * Errors: `expectations_failed` (the version is kept, unpublished), `source_…`, `invalid_input`.
 */
export const createMaterialise =
  (deps: MaterialiseDeps): Materialise =>
  async (context, request, work = {}) => {
    const { environment, engine, extensions, versions } = deps
    const { project, dataset } = request
    const { signal } = work
    const folder = runFolder(environment.dataDirectory)
    const progress = (stage: string, details: object = {}) => work.progress?.({ stage, dataset, ...details })
    const { spec, specDigest, source: sourceSpec } = await deps.declared(project, dataset)
    const window = windowOf(request, spec)
    const configDigest = documentDigest(sourceSpec)

    progress('open')
    const source = await openSource(deps.access, project, spec.from, sourceSpec, signal)
    const previous = await versions.newest(project, dataset, configDigest)
    refuseLostColumns(
      source.columns,
      source.kind,
      spec.from,
      previous?.specDigest === specDigest ? previous.sourceSchema : undefined,
    )

    try {
      await mkdir(folder, { recursive: true })
      const keyOf = (state: string) => documentDigest([codeVersion, specDigest, sourceSpec, state, window ?? null])
      const full = spec.mode === 'full'
      const knownState = full ? await source.table.state?.() : undefined
      const known = knownState === undefined ? undefined : await versions.byInput(project, dataset, keyOf(knownState))
      if (known) return accepted(known)

      progress('pull')
      const input = { engine, blobs: environment.blobs, folder, source, time: spec.time, window, signal }
      const pulled = full ? await pullAll(input, knownState) : await pullNew(input, previous?.batches ?? [])
      const inputKey = keyOf(pulled.state)
      const existing = await versions.byInput(project, dataset, inputKey)
      if (existing) return accepted(existing)

      const pipeline = await compileCuration({
        table: pulled.table,
        time: spec.time,
        window,
        curate: spec.curate,
        operations: extensions.operations,
        aggregate: async (sql, params, settings) =>
          (await engine.query<Record<string, unknown>>(sql, params, { settings, ...(signal ? { signal } : {}) }))[0] ??
          {},
      })
      const written = await writeVersion({
        engine,
        folder,
        pipeline,
        table: pulled.table,
        expect: spec.expect,
        expectations: extensions.expectations,
        now: environment.clock(),
        signal,
        progress,
      })
      // the rows must be those whose digest was taken before
      if (pulled.batches.length === 0 && source.table.state && (await source.table.state()) !== pulled.state)
        throw new KedgeError('source_changed', { source: spec.from })

      progress('publish', { rows: written.counts.kept })
      const kept = await environment.blobs.putFile(written.kept, { move: true })
      const quarantined = written.quarantined
        ? await environment.blobs.putFile(written.quarantined, { move: true })
        : undefined
      const sources: VersionSource[] = [
        { name: spec.from, kind: source.kind, configDigest, state: pulled.state, rows: written.counts.read },
      ]
      const rejected = written.expectations.some((result) => !result.ok)
      const version = await versions.publish(context, {
        project,
        dataset,
        state: rejected ? 'rejected' : 'published',
        input_key: inputKey,
        digest: kept.digest,
        bytes: kept.bytes,
        row_count: written.counts.kept,
        schema: toJson(pipeline.columns),
        profile: toJson(written.profile),
        window_from: window?.from ?? null,
        window_to: window?.to ?? null,
        label: request.label ?? null,
        spec_digest: specDigest,
        sources: toJson(sources),
        expectations: toJson(written.expectations),
        counts: toJson(written.counts),
        quarantine_digest: quarantined?.digest ?? null,
        quarantine_reasons: toJson(written.reasons),
        batches: toJson(pulled.batches satisfies Batch[]),
        source_schema: toJson(source.columns),
        parent_version: previous?.version ?? null,
      })
      return accepted(version)
    } catch (error) {
      throw sourceError(error, spec.from, source.place ? `${spec.from} (${source.place})` : spec.from)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

function windowOf({ from, to, dataset }: MaterialiseRequest, spec: DatasetSpec) {
  if (from === undefined && to === undefined) return undefined
  if (from === undefined || to === undefined || !(from < to))
    throw new KedgeError('invalid_input', { what: 'A window has a from before its to' })
  if (spec.time === undefined)
    throw new KedgeError('invalid_input', { what: `The dataset ${dataset} names no time column, so it has no windows` })
  return { from, to }
}

/** Columns may be added to a source, but one that is lost or of another type would change the dataset silently. */
function refuseLostColumns(
  now: readonly Column[],
  kind: string,
  source: string,
  before: readonly Column[] | undefined,
) {
  // text formats say nothing about types: a value of another type is the row's fault, not the schema's
  const typed = kind !== 'csv' && kind !== 'jsonl'
  const changes = (before ?? []).flatMap(({ name, type }) => {
    const found = now.find((column) => column.name === name)
    if (!found) return [`${name} is gone`]
    return typed && found.type !== type ? [`${name} was ${type} and is ${found.type}`] : []
  })
  if (changes.length > 0) throw new KedgeError('source_schema_changed', { source, what: changes.join('; ') })
}

function accepted(version: DatasetVersion): DatasetVersion {
  if (version.state === 'published') return version
  const failed = version.expectations.filter((result) => !result.ok)
  throw new KedgeError(
    'expectations_failed',
    { dataset: version.dataset, version: version.version, what: failed.map((result) => result.message).join('; ') },
    { places: failed.map((result) => ({ where: result.kind, what: result.message })) },
  )
}

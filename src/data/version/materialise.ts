import { mkdir, rm } from 'node:fs/promises'
import type { Column } from '../../contracts/column.ts'
import type { OtherRows } from '../../contracts/curation.ts'
import type { Executor } from '../../contracts/executor.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { promised } from '../contract/promised.ts'
import { compileCuration } from '../curation/compile-curation.ts'
import { type Correction, correctTable } from '../curation/correct-table.ts'
import { createRunCommand } from '../curation/run-command.ts'
import { type DataExtensions, type DatasetSpec, datasetsOf, type SourceSpec } from '../dataset-spec.ts'
import { documentDigest } from '../document-digest.ts'
import { openSource } from '../source/open-source.ts'
import type { SourceAccess } from '../source/source-access.ts'
import { sourceError } from '../source/source-error.ts'
import { type DatasetVersion, type DatasetVersionSummary, isRefusal, type VersionSource } from './dataset-version.ts'
import type { KeptVersions } from './keep-versions.ts'
import { publishWritten } from './publish-written.ts'
import { openChanged, pullFiles } from './pull-files.ts'
import { pullAll, pullNew } from './pull-source.ts'
import { createRunEngine } from './run-engine.ts'
import { runFolder } from './run-folder.ts'
import type { VersionFiles } from './version-files.ts'
import type { Versions } from './versions.ts'
import { watchFolder } from './watch-folder.ts'
import { writeVersion } from './write-version.ts'

/** Raised when the same inputs would give other rows than before: old versions stay, new ones are made anew. */
const codeVersion = 2

/** how often whoever waits is told how much there is, in milliseconds */
const lookEvery = 1000

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
  files: VersionFiles
  kept: KeptVersions
  /** rows that people have corrected */
  corrections(project: string, dataset: string): Promise<Correction[]>
  /** for steps that are commands */
  executors: readonly Executor[]
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
    let at = ''
    const progress = (stage: string, details: object = {}) => {
      at = stage
      work.progress?.({ stage, dataset, ...details })
    }
    const { spec, specDigest, source: sourceSpec } = await deps.declared(project, dataset)
    const window = windowOf(request, spec)
    const configDigest = documentDigest(sourceSpec)
    const corrections = await deps.corrections(project, dataset)
    const others = await newestOf(versions, project, dataset, datasetsOf(spec, extensions))

    const unwatch = watchFolder(folder, lookEvery, (bytes) => progress(at, { bytes }))
    /** what a person would call the place that is read */
    let place = ''
    try {
      progress('open')
      const full = spec.mode === 'full'
      const previous = await versions.newest(project, dataset, configDigest)
      const before = { blobs: environment.blobs, batches: previous?.batches ?? [], folder }
      const opened = full
        ? await openSource(deps.access, project, spec.from, sourceSpec, signal)
        : await openChanged(deps.access, project, spec.from, sourceSpec, before, signal)
      const changed = 'fresh' in opened ? opened : undefined
      const source = 'fresh' in opened ? opened.source : opened
      place = source.place
      refuseLostColumns(
        source.columns,
        source.table.untyped !== true,
        spec.from,
        previous?.specDigest === specDigest ? previous.sourceSchema : undefined,
      )

      await mkdir(folder, { recursive: true })
      const keyOf = (state: string) =>
        documentDigest([
          codeVersion,
          specDigest,
          sourceSpec,
          state,
          window ?? null,
          ...(corrections.length === 0
            ? []
            : ['corrected', corrections.map(({ original, corrected }) => [original, corrected])]),
          ...(others.length === 0 ? [] : [others.map((one) => [one.dataset, one.digest])]),
        ])
      const knownState = full ? await source.table.state?.() : undefined
      const known = knownState === undefined ? undefined : await versions.byInput(project, dataset, keyOf(knownState))
      if (known) return accepted(known)

      progress('pull')
      const input = { engine, blobs: environment.blobs, folder, source, time: spec.time, window, signal }
      const pulled = full
        ? await pullAll(input, knownState)
        : changed
          ? await pullFiles(input, changed, sourceSpec.removed === 'keep')
          : await pullNew(input, previous?.batches ?? [])
      const inputKey = keyOf(pulled.state)
      const existing = await versions.byInput(project, dataset, inputKey)
      if (existing) return accepted(existing)

      const run = createRunEngine(engine, signal)
      const rowsOf = new Map<string, OtherRows>()
      for (const other of others) rowsOf.set(other.dataset, await deps.files.rows(other))
      const table = correctTable(pulled.table, corrections)
      const pipeline = await compileCuration({
        table,
        time: spec.time,
        window,
        curate: spec.curate,
        operations: extensions.operations,
        others: rowsOf,
        secret: ({ secret }) => deps.access.secret(project, secret),
        aggregate: async (sql, params, settings) =>
          (await run.query<Record<string, unknown>>(sql, params, settings))[0] ?? {},
        command: createRunCommand({
          engine: run,
          executors: deps.executors,
          folder,
          hidden: [environment.dataDirectory],
          name: folder,
          signal,
        }),
      })
      const written = await writeVersion({
        engine: run,
        folder,
        pipeline,
        table,
        before: window || !previous ? [] : await versions.parts(project, dataset, previous.version),
        expect: [...promised(spec), ...spec.expect],
        label: spec.label,
        expectations: extensions.expectations,
        others: rowsOf,
        reference: (which) => versions.reference(project, dataset, which),
        now: environment.clock(),
        progress,
      })
      // the rows must be those whose digest was taken before
      if (pulled.batches.length === 0 && source.table.state && (await source.table.state()) !== pulled.state)
        throw new KedgeError('source_changed', { source: spec.from })

      progress('publish', { rows: written.counts.kept })
      const sources: VersionSource[] = [
        { name: spec.from, kind: source.kind, configDigest, state: pulled.state, rows: written.counts.read },
        ...others.map((one) => ({
          name: `${one.dataset}@${one.version}`,
          kind: 'dataset',
          configDigest: one.specDigest,
          state: one.digest,
          rows: one.rowCount,
        })),
      ]
      const version = await publishWritten({ blobs: environment.blobs, versions }, context, written, {
        ...{ project, dataset, inputKey, specDigest, sources },
        columns: pipeline.columns,
        sourceColumns: source.columns,
        batches: pulled.batches,
        window: window ?? null,
        label: request.label ?? null,
        parent: previous?.version ?? null,
        owner: spec.contract?.owner,
      })
      if (spec.retention && version.state === 'published')
        await deps.kept.retain(context, project, dataset, spec.retention)
      return accepted(version)
    } catch (error) {
      throw sourceError(error, spec.from, place ? `${spec.from} (${place})` : spec.from)
    } finally {
      unwatch()
      await rm(folder, { recursive: true, force: true })
    }
  }

/** The newest published versions of the datasets that a declaration names. Errors: `dataset_empty`. */
async function newestOf(versions: Versions, project: string, dataset: string, names: readonly string[]) {
  const found: DatasetVersionSummary[] = []
  for (const name of names) {
    if (name === dataset)
      throw new KedgeError('invalid_input', { what: `The dataset ${dataset} cannot read from itself` })
    found.push(await versions.get(project, name, 'latest'))
  }
  return found
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
  typed: boolean,
  source: string,
  before: readonly Column[] | undefined,
) {
  const changes = (before ?? []).flatMap(({ name, type }) => {
    const found = now.find((column) => column.name === name)
    if (!found) return [`${name} is gone`]
    // text formats say nothing about types: a value of another type is the row's fault, not the schema's
    return typed && found.type !== type ? [`${name} was ${type} and is ${found.type}`] : []
  })
  if (changes.length > 0) throw new KedgeError('source_schema_changed', { source, what: changes.join('; ') })
}

function accepted(version: DatasetVersion): DatasetVersion {
  if (version.state === 'published') return version
  const failed = version.expectations.filter(isRefusal)
  throw new KedgeError(
    'expectations_failed',
    { dataset: version.dataset, version: version.version, what: failed.map((result) => result.message).join('; ') },
    { places: failed.map((result) => ({ where: result.kind, what: result.message })) },
  )
}

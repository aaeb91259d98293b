import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Column } from '../contracts/column.ts'
import type { Executor } from '../contracts/executor.ts'
import type { FilePlaceDefinition } from '../contracts/file-place.ts'
import type { FoundThere } from '../contracts/source.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { contextOf } from '../jobs/job-context.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { type ColumnLineages, createColumnLineages } from './column-graph.ts'
import type { CurationMistake } from './curation/check-curation.ts'
import type { DataExtensions } from './dataset-spec.ts'
import { createDeclarations, type DeclaredDataset, type DeclaredSource } from './declarations.ts'
import { createDeclaredColumns } from './declared-columns.ts'
import { type DescribedKinds, describeKinds } from './describe-kinds.ts'
import { createDiscards, type Discards } from './discards.ts'
import { createDrafts, type Drafts } from './drafts.ts'
import { createFeatures, type Features } from './feature/features.ts'
import { type DatasetFreshness, freshnessOf } from './freshness.ts'
import { createImportVersions, type ImportVersions } from './import-versions.ts'
import { createQuarantineDesk, type QuarantineDesk } from './quarantine.ts'
import { filterVersion, type QueryAnswer, queryVersion } from './query/query-version.ts'
import { createAddressGuard } from './source/address-guard.ts'
import { createDerivedFiles } from './source/derived-files.ts'
import { createFileGuard, type Folder } from './source/file-guard.ts'
import { openSource } from './source/open-source.ts'
import { createPlaceFiles } from './source/place-files.ts'
import type { SourceAccess } from './source/source-access.ts'
import { createSourceFiles } from './source/source-files.ts'
import { createSourceTrials, type SourcePreview, type SourceTest } from './source/try-source.ts'
import { landedTable } from './stream/landed-table.ts'
import { createStreams, type Streams } from './stream/streams.ts'
import type { DatasetVersion, DatasetVersionSummary } from './version/dataset-version.ts'
import { type DatasetDiff, diffVersions } from './version/diff-versions.ts'
import { createKeptVersions, type KeptVersions } from './version/keep-versions.ts'
import { createMaterialise, type Materialise, type MaterialiseRequest } from './version/materialise.ts'
import { type Rows, readVersionRows } from './version/read-rows.ts'
import { removeAbandonedRuns, runFolder } from './version/run-folder.ts'
import { createVersionFiles } from './version/version-files.ts'
import { createVersions, type TimelineEntry } from './version/versions.ts'

export interface DataOptions {
  extensions: DataExtensions
  /** where files come from */
  places: readonly FilePlaceDefinition[]
  /** a stored secret of a project. Errors: `not_found` */
  secret(project: string, name: string): Promise<string>
  /** hosts that sources may call although they are not public; `*` for all */
  allowHosts?: readonly string[]
  /** folders below which sources may read files, the first for relative paths; every file when absent */
  sourceFolders?: readonly string[]
  /** the SQL engine over local files; the events store when that is embedded */
  engine?: EventsStore
  /** for steps that are commands */
  executors?: readonly Executor[]
}

export interface Page {
  limit?: number
  offset?: number
}

export interface Sources {
  put(context: ChangeContext, project: string, name: string, config: unknown): Promise<DeclaredSource>
  putIn(change: Change, project: string, name: string, config: unknown): Promise<void>
  get(project: string, name: string): Promise<DeclaredSource>
  list(project: string): Promise<DeclaredSource[]>
  remove(context: ChangeContext, project: string, name: string): Promise<void>
  /** Opens the source and looks at its columns; a failure is an answer, not an error. */
  test(project: string, name: string): Promise<SourceTest>
  /** The same for one that is not declared (yet). */
  testConfig(project: string, config: unknown): Promise<SourceTest>
  columns(project: string, name: string): Promise<Column[]>
  preview(project: string, name: string, limit?: number): Promise<SourcePreview>
  previewConfig(project: string, config: unknown, limit?: number): Promise<SourcePreview>
  /** What there is to read at a place, such as the tables of a database; null for kinds that read one thing. */
  discover(project: string, given: Record<string, unknown>): Promise<FoundThere[] | null>
  /** A folder of the machine where the server runs, as far as sources may read there. */
  folder(path: string): Promise<Folder>
}

export interface Datasets {
  put(context: ChangeContext, project: string, name: string, spec: unknown): Promise<DeclaredDataset>
  putIn(change: Change, project: string, name: string, spec: unknown): Promise<void>
  /** What is wrong in a declaration (of any form) with the columns of its source, as far as these can be known at once; nothing where they cannot. */
  check(project: string, name: string, spec: object | null, source: unknown): Promise<CurationMistake[]>
  /** The columns that a declaration would give, as far as that is known before it is made. */
  columnsOf(project: string, name: string, spec: object, source: unknown): Promise<Column[] | undefined>
  get(project: string, name: string): Promise<DeclaredDataset>
  list(project: string): Promise<DeclaredDataset[]>
  remove(context: ChangeContext, project: string, name: string): Promise<void>
  /** Enqueues the making of a version; the job's result is `{ version, digest, rowCount }`. */
  materialise(
    context: ChangeContext,
    project: string,
    name: string,
    options?: Omit<MaterialiseRequest, 'project' | 'dataset'>,
  ): Promise<{ jobId: number }>
  materialiseNow: Materialise
  versions(project: string, name: string, page?: Page): Promise<{ items: DatasetVersionSummary[]; total: number }>
  /** Errors: `not_found`, `dataset_empty`. */
  version(project: string, name: string, version: number | string): Promise<DatasetVersion>
  latest(project: string, name: string): Promise<DatasetVersionSummary | undefined>
  /** `where`: an expression that is true for the rows that are wanted; `total` counts these. */
  rows(
    project: string,
    name: string,
    version: number | string,
    page?: Page & { where?: string | undefined },
  ): Promise<Rows>
  /** Answers a SELECT over the table `rows`. Errors: `invalid_input`, `events_limit`. */
  query(
    project: string,
    name: string,
    version: number | string,
    question: { sql: string; limit: number; signal?: AbortSignal | undefined },
  ): Promise<QueryAnswer>
  quarantine(project: string, name: string, version: number | string, page?: Page): Promise<Rows>
  /** `by`: the columns that name a row; those that the dataset declares when absent. */
  diff(project: string, name: string, a: number | string, b: number | string, by?: string[]): Promise<DatasetDiff>
  asOf(project: string, name: string, time: number): Promise<DatasetVersion>
  /** The profiles of versions beside each other, oldest first. */
  timeline(project: string, name: string, limit?: number): Promise<TimelineEntry[]>
  /** Absolute path of the version's Parquet file on this machine; do not change it. */
  localFile(version: DatasetVersionSummary): Promise<string>
}

export interface Data {
  /** the kinds of sources, steps and expectations that there are */
  kinds(): DescribedKinds
  sources: Sources
  drafts: Drafts
  quarantine: QuarantineDesk
  discards: Discards
  /** How old each dataset of a project is, against how old it may be. */
  freshness(project: string): Promise<DatasetFreshness[]>
  kept: KeptVersions
  datasets: Datasets
  features: Features
  /** which columns came from which */
  columns: ColumnLineages
  /** versions of what another tool has versioned */
  imports: ImportVersions
  streams: Streams
  start(): Promise<void>
  /** Leaves the streams, so that others go on with them. */
  stop(): Promise<void>
}

type Payload = Omit<MaterialiseRequest, 'project'>

/** Sources, datasets and their versions. Registers the job `data.materialise`. */
export function createData(environment: Environment, options: DataOptions): Data {
  const { journal, jobs, blobs, dataDirectory } = environment
  const { extensions } = options
  const engine = options.engine ?? environment.events
  const declarations = createDeclarations(environment, extensions)
  const versions = createVersions(environment)
  const files = createVersionFiles({ blobs, engine, dataDirectory })
  const kept = createKeptVersions(environment)
  const quarantine = createQuarantineDesk(environment, { engine, versions })
  const addresses = createAddressGuard({ allowHosts: options.allowHosts ?? [] })
  const fileGuard = createFileGuard(options.sourceFolders)
  const derived = createDerivedFiles(join(dataDirectory, 'cache', 'derived'), environment.clock)
  const access: SourceAccess = {
    kinds: extensions.sources,
    engine,
    files: createSourceFiles({
      guard: fileGuard,
      places: createPlaceFiles({
        folder: join(dataDirectory, 'cache', 'places'),
        places: options.places,
        guard: addresses,
        secret: options.secret,
      }),
      derived,
    }),
    addresses,
    secret: options.secret,
    async landed(project, name, spec) {
      const definition = extensions.streams?.find(({ kind }) => kind === spec.kind)
      if (!definition) throw new KedgeError('invalid_input', { what: `There is no kind of stream ${spec.kind}` })
      return landedTable(environment, engine, definition, project, name, spec)
    },
  }
  const streams = createStreams({
    environment,
    engine,
    kinds: extensions.streams ?? [],
    allowHosts: options.allowHosts ?? [],
    secret: options.secret,
  })
  const materialiseDataset = createMaterialise({
    files,
    kept,
    corrections: quarantine.corrections,
    executors: options.executors ?? [],
    environment,
    engine,
    access,
    extensions,
    versions,
    async declared(project, dataset) {
      const found = await declarations.dataset(project, dataset)
      const spec = declarations.parseDataset(dataset, found.spec)
      const source = await declarations.source(project, spec.from)
      return { spec, specDigest: found.specDigest, source: source.config }
    },
  })

  const features = createFeatures({
    environment,
    engine,
    declarations,
    versions,
    files,
    extensions,
    corrections: quarantine.corrections,
    secret: options.secret,
  })
  /** A training set is made like a dataset, wherever one may be named. */
  const materialiseNow: Materialise = async (context, request, work) => {
    const { dataset: name, label: _label, ...rest } = request
    return (await features.trainingSets.find(request.project, name))
      ? features.trainingSet(context, { ...rest, name, signal: work?.signal })
      : materialiseDataset(context, request, work)
  }

  jobs.handle<Payload>({
    kind: 'data.materialise',
    concurrency: 2,
    async run(job, { signal, progress }) {
      const version = await materialiseNow(
        contextOf(job),
        { ...job.payload, project: job.project },
        { signal, progress },
      )
      return { result: { version: version.version, digest: version.digest, rowCount: version.rowCount } }
    },
  })

  const trials = createSourceTrials({
    access,
    parse: declarations.parseSource,
    dataDirectory,
    log: environment.log,
  })
  const declaredColumns = createDeclaredColumns({ access, declarations, extensions, versions })
  const open = async (project: string, name: string) =>
    openSource(access, project, name, (await declarations.source(project, name)).config)

  const sources: Sources = {
    async put(context, project, name, config) {
      await journal.change(context, (change) => declarations.putSource(change, project, name, config))
      return declarations.source(project, name)
    },
    putIn: declarations.putSource,
    get: declarations.source,
    list: declarations.sources,
    remove: declarations.removeSource,
    test: async (project, name) => trials.test(project, name, (await declarations.source(project, name)).config),
    testConfig: (project, config) => trials.test(project, 'new', config),
    columns: async (project, name) => (await open(project, name)).columns,
    preview: async (project, name, limit = 50) =>
      trials.preview(project, name, (await declarations.source(project, name)).config, limit),
    previewConfig: async (project, config, limit = 50) =>
      trials.preview(project, 'new', declarations.parseSource('new', config), limit),
    discover: trials.discover,
    folder: fileGuard.list,
  }

  const datasets: Datasets = {
    async put(context, project, name, spec) {
      await journal.change(context, (change) => declarations.putDataset(change, project, name, spec))
      return declarations.dataset(project, name)
    },
    putIn: declarations.putDataset,
    check: async (...declared) => (await declaredColumns(...declared))?.mistakes ?? [],
    columnsOf: async (...declared) => (await declaredColumns(...declared))?.columns,
    get: declarations.dataset,
    list: declarations.datasets,
    remove: declarations.removeDataset,
    async materialise(context, project, name, request = {}) {
      if (!(await features.trainingSets.find(project, name))) await declarations.dataset(project, name)
      const jobId = await journal.change(context, (change) =>
        jobs.enqueue(change, {
          kind: 'data.materialise',
          project,
          payload: { ...request, dataset: name } satisfies Payload,
        }),
      )
      return { jobId: jobId! }
    },
    materialiseNow,
    async versions(project, name, page = {}) {
      return { items: await versions.list(project, name, page), total: await versions.count(project, name) }
    },
    version: versions.get,
    latest: versions.latest,
    query: async (project, name, number, question) =>
      queryVersion(engine, files, await versions.get(project, name, number), question),
    async rows(project, name, number, { limit = 100, offset = 0, where } = {}) {
      const version = await versions.get(project, name, number)
      if (where) return filterVersion(engine, files, version, { where, limit, offset })
      return readVersionRows(engine, files, version, { limit, offset })
    },
    quarantine: (project, name, number, { limit = 100, offset = 0 } = {}) =>
      quarantine.rows(project, name, number, { limit, offset }),
    async diff(project, name, a, b, by) {
      const [first, second] = await Promise.all([versions.get(project, name, a), versions.get(project, name, b)])
      const spec = await declarations.dataset(project, name).then(
        (found) => found.spec,
        () => undefined,
      )
      const folder = runFolder(dataDirectory)
      try {
        return await diffVersions({ engine, files, folder }, first, second, by ?? spec?.key)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    asOf: versions.asOf,
    timeline: versions.timeline,
    localFile: files.whole,
  }

  let kinds: DescribedKinds | undefined
  return {
    kinds() {
      kinds ??= describeKinds(extensions)
      return kinds
    },
    sources,
    quarantine,
    discards: createDiscards(environment, { engine, versions, corrections: quarantine.corrections }),
    freshness: (project) => freshnessOf({ ...environment, declarations, versions, streams }, project),
    kept,
    drafts: createDrafts({
      engine,
      access,
      extensions,
      declarations,
      versions,
      files,
      dataDirectory,
      clock: environment.clock,
    }),
    datasets,
    features,
    imports: createImportVersions({ environment, engine, versions, access, expectations: extensions.expectations }),
    columns: createColumnLineages({ environment, declarations, versions, features, extensions }),
    streams,
    async start() {
      await removeAbandonedRuns(dataDirectory)
      await derived.sweep(environment.clock())
      await streams.start()
      features.online.start()
    },
    async stop() {
      await features.online.stop()
      await streams.stop()
    },
  }
}

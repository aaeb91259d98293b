import type { Column } from '../../contracts/column.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import { contextOf } from '../../jobs/job-context.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import type { Correction } from '../curation/correct-table.ts'
import type { DataExtensions } from '../dataset-spec.ts'
import type { Declarations } from '../declarations.ts'
import type { DatasetVersion, DatasetVersionSummary } from '../version/dataset-version.ts'
import type { VersionFiles } from '../version/version-files.ts'
import type { Versions } from '../version/versions.ts'
import { createDeclaredTrainingSets, createDeclaredViews, type DeclaredView, type Kept } from './declared-views.ts'
import { createDescribeView, type DescribedView } from './describe-view.ts'
import { type FeatureViewSpec, featureViewSpec, type TrainingSetSpec, trainingSetSpec } from './feature-view-spec.ts'
import { createOnlineFeatures, type OnlineFeatures } from './online-features.ts'
import { type FeatureMistake, type FeaturePlan, planFeatures } from './plan-features.ts'
import { makeTrainingSet, type TrainingSetDeps, type TrainingSetRequest } from './training-set.ts'

export interface FeaturesDeps {
  environment: Environment
  engine: EventsStore
  declarations: Declarations
  versions: Versions
  files: VersionFiles
  extensions: DataExtensions
  corrections(project: string, dataset: string): Promise<Correction[]>
  secret(project: string, name: string): Promise<string>
}

export interface PlannedView {
  plan: FeaturePlan
  version: DatasetVersionSummary
}

export interface Features {
  views: Kept<FeatureViewSpec>
  trainingSets: Kept<TrainingSetSpec>
  /** What is wrong in a view of any form, against the columns of its dataset. */
  checkView(given: unknown, columns: readonly Column[], datasetTime: string | undefined): FeatureMistake[]
  /** A view compiled over the newest version with all rows of its dataset. Errors: `dataset_empty`, `invalid_input`. */
  planned(view: DeclaredView): Promise<PlannedView>
  online: OnlineFeatures
  /** Enqueues the making of a training set's version; the job's result is `{ version, digest, rowCount }`. Errors: `not_found`, `conflict`. */
  enqueueTrainingSet(context: ChangeContext, request: WantedTrainingSet): Promise<{ jobId: number }>
  /** A view as it is: what it has, how fresh it is, how far served values were from those of training. */
  describe(view: DeclaredView): Promise<DescribedView>
  /** Makes a version of a declared training set, or of `spec`. Errors: `invalid_input`, `dataset_empty`, `not_found`. */
  trainingSet(context: ChangeContext, request: WantedTrainingSet): Promise<DatasetVersion>
}

/** One that is declared when it has no `spec`. */
export type WantedTrainingSet = Omit<TrainingSetRequest, 'spec'> & { spec?: TrainingSetSpec | undefined }

const jobKind = 'data.training_set'
type Payload = Omit<TrainingSetRequest, 'project' | 'signal'>

/** Feature views and training sets. Registers the job `data.training_set`. */
export function createFeatures(deps: FeaturesDeps): Features {
  const { environment, declarations, versions } = deps
  const views = createDeclaredViews(environment)
  const trainingSets = createDeclaredTrainingSets(environment)

  async function planned(view: DeclaredView): Promise<PlannedView> {
    const { project, spec } = view
    const version = await newestWhole(versions, project, spec.from)
    const time = (await datasetOf(project, spec.from))?.time
    const mistakes: FeatureMistake[] = []
    const plan = planFeatures(spec, version.schema, time, (path, error) => mistakes.push(mistakeOf(path, error)))
    if (mistakes.length > 0)
      throw new KedgeError(
        'invalid_input',
        {
          what: `The feature view ${view.name} does not fit ${spec.from}@${version.version}: ${mistakes.map(({ what }) => what).join('; ')}`,
        },
        { places: mistakes.map(({ path, what }) => ({ where: path.join('.'), what })) },
      )
    return { plan, version }
  }
  const datasetOf = (project: string, name: string) =>
    declarations.dataset(project, name).then(
      ({ spec }) => spec,
      () => undefined,
    )

  const expectations = deps.extensions.expectations
  const training: TrainingSetDeps = { ...deps, expectations, views, planned, dataset: datasetOf }
  const online = createOnlineFeatures({
    ...deps,
    views,
    planned,
    async declared(project, dataset) {
      const { spec: given, specDigest } = await declarations.dataset(project, dataset)
      const spec = declarations.parseDataset(dataset, given)
      return { spec, specDigest, source: (await declarations.source(project, spec.from)).config }
    },
  })
  environment.jobs.handle<Payload>({
    kind: jobKind,
    concurrency: 1,
    async run(job, { signal }) {
      const made = await makeTrainingSet(training, contextOf(job), { ...job.payload, project: job.project, signal })
      return { result: { version: made.version, digest: made.digest, rowCount: made.rowCount } }
    },
  })

  return {
    views,
    trainingSets,
    planned,
    online,
    describe: createDescribeView({ environment, planned, online }),
    checkView(given, columns, datasetTime) {
      const parsed = featureViewSpec.safeParse(given)
      if (!parsed.success) return []
      const mistakes: FeatureMistake[] = []
      planFeatures(parsed.data, columns, datasetTime, (path, error) => mistakes.push(mistakeOf(path, error)))
      return mistakes
    },
    async enqueueTrainingSet(context, request) {
      const { project, ...payload } = await wanted(request)
      const jobId = await environment.journal.change(context, (change) =>
        environment.jobs.enqueue(change, { kind: jobKind, project, payload: payload satisfies Payload }),
      )
      return { jobId: jobId! }
    },
    trainingSet: async (context, request) =>
      makeTrainingSet(training, context, { ...(await wanted(request)), signal: request.signal }),
  }

  async function wanted({ signal: _signal, spec, ...request }: WantedTrainingSet) {
    const declared = spec ?? (await trainingSets.get(request.project, request.name)).spec
    if (await declarations.dataset(request.project, request.name).catch(() => undefined))
      throw new KedgeError('conflict', { what: `${request.name} is a dataset of its own` })
    return { ...request, spec: trainingSetSpec.parse(declared) }
  }
}

/** The newest published version that is not of a window alone. Errors: `dataset_empty`. */
async function newestWhole(versions: Versions, project: string, dataset: string): Promise<DatasetVersionSummary> {
  const latest = await versions.get(project, dataset, 'latest')
  if (latest.window === null) return latest
  const whole = (await versions.list(project, dataset, { limit: 1000 })).find(
    ({ state, window, purgedAt }) => state === 'published' && window === null && purgedAt === null,
  )
  return whole ?? latest
}

/** A mistake at its place, told without the compiler's own words around it. */
function mistakeOf(path: (string | number)[], error: unknown): FeatureMistake {
  const { problem } = error instanceof KedgeError ? (error.details as { problem?: string }) : {}
  return { path, what: problem ?? (error as Error).message }
}

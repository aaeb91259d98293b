import type { Data } from '../../data/data.ts'
import type { DatasetVersion } from '../../data/version/dataset-version.ts'
import type { EventType, JournalEvent } from '../../journal/catalogue.ts'
import type { Journal } from '../../journal/journal.ts'
import { lineageFacet, qualityFacets, versionFacets } from './dataset-facets.ts'
import {
  facet,
  type InputDataset,
  namespaceOf,
  type OutputDataset,
  producer,
  type RunEvent,
  runEventSchema,
  runIdOf,
  sourceNamespace,
} from './run-event.ts'

/** The events of the journal that are told in OpenLineage's words. */
export const toldTypes = [
  'dataset_version.published',
  'dataset_version.rejected',
  'pipeline_run.started',
  'pipeline_run.finished',
  'step.started',
  'step.finished',
  'run.created',
  'run.finished',
  'release.started',
  'release.finished',
  'release.rolled_back',
] as const satisfies readonly EventType[]
export type ToldEvent = JournalEvent<(typeof toldTypes)[number]>

type State = RunEvent['eventType']
const ofState: Record<string, State> = {
  succeeded: 'COMPLETE',
  skipped: 'COMPLETE',
  failed: 'FAIL',
  cancelled: 'ABORT',
  blocked: 'ABORT',
  FINISHED: 'COMPLETE',
  FAILED: 'FAIL',
  KILLED: 'ABORT',
}

/** What has happened as OpenLineage's run events; one that has its beginning and its end in one event of the journal gives both. */
export async function toRunEvents(
  data: Pick<Data, 'datasets' | 'columns'>,
  journal: Pick<Journal, 'read'>,
  event: ToldEvent,
): Promise<RunEvent[]> {
  const { project } = event
  const namespace = namespaceOf(project)
  const make = (
    eventType: State,
    job: { name: string; type: string; facets?: Record<string, object> },
    run: { thing: string; facets?: Record<string, object> },
    inputs: InputDataset[] = [],
    outputs: OutputDataset[] = [],
  ): RunEvent => ({
    eventType,
    eventTime: new Date(event.time).toISOString(),
    producer,
    schemaURL: runEventSchema,
    run: { runId: runIdOf(project, run.thing), facets: run.facets ?? {} },
    job: {
      namespace,
      name: job.name,
      facets: {
        jobType: facet('JobTypeJobFacet', '2-0-4', {
          processingType: 'BATCH',
          integration: 'KEDGE',
          jobType: job.type,
        }),
        ...job.facets,
      },
    },
    inputs,
    outputs,
  })
  const failure = (message: string | undefined): Record<string, object> =>
    message ? { errorMessage: facet('ErrorMessageRunFacet', '1-0-1', { message, programmingLanguage: 'SQL' }) } : {}
  const parent = (name: string, thing: string) => ({
    parent: facet('ParentRunFacet', '1-2-0', {
      run: { runId: runIdOf(project, thing) },
      job: { namespace, name },
    }),
  })
  const versionOf = (dataset: string, version: number) =>
    data.datasets.version(project, dataset, version).catch(() => undefined)
  const read = (name: string, version: DatasetVersion | undefined): InputDataset => ({
    namespace,
    name,
    facets: version ? versionFacets(version) : {},
    ...(version ? { inputFacets: qualityFacets(version) } : {}),
  })

  switch (event.type) {
    case 'dataset_version.published':
    case 'dataset_version.rejected': {
      const { dataset, version, sources } = event.data
      const made = await versionOf(dataset, version)
      const lineage = await data.columns.of(project, dataset).catch(() => undefined)
      const inputs = await Promise.all(
        sources.map(async ({ name, kind }): Promise<InputDataset> => {
          if (kind !== 'dataset')
            return {
              namespace: kind === 'feature_view' ? `${namespace}/feature_view` : sourceNamespace(project),
              name,
              facets: {},
            }
          const at = name.lastIndexOf('@')
          return read(name.slice(0, at), await versionOf(name.slice(0, at), Number(name.slice(at + 1))))
        }),
      )
      const output: OutputDataset = {
        namespace,
        name: dataset,
        facets: {
          ...(made ? versionFacets(made) : {}),
          ...(lineage ? { columnLineage: lineageFacet(project, lineage) } : {}),
        },
        ...(made
          ? {
              outputFacets: {
                outputStatistics: facet('OutputStatisticsOutputDatasetFacet', '1-0-2', {
                  ...{ rowCount: made.rowCount, size: made.bytes, fileCount: made.parts.length },
                }),
              },
            }
          : {}),
      }
      const job = { name: `dataset.${dataset}`, type: 'DATASET' }
      const thing = event.subject
      const reasons = event.type === 'dataset_version.rejected' ? event.data.reasons.join('; ') : undefined
      return [
        make('START', job, { thing }, inputs),
        make(reasons === undefined ? 'COMPLETE' : 'FAIL', job, { thing, facets: failure(reasons) }, inputs, [output]),
      ]
    }
    case 'pipeline_run.started':
      return [
        make('START', { name: event.data.pipeline, type: 'PIPELINE' }, { thing: `pipeline_run/${event.data.run}` }),
      ]
    case 'pipeline_run.finished': {
      const { pipeline, run, state, error, modelVersions } = event.data
      const outputs = modelVersions.map(({ model, version }) => modelOf(project, model, version))
      const about = { thing: `pipeline_run/${run}`, facets: failure(error?.message) }
      return [make(ofState[state]!, { name: pipeline, type: 'PIPELINE' }, about, [], outputs)]
    }
    case 'step.started':
    case 'step.finished': {
      const { pipeline, run, step } = event.data
      const job = { name: `${pipeline}.${step}`, type: 'STEP' }
      const facets = parent(pipeline, `pipeline_run/${run}`)
      const thing = `step/${run}/${step}`
      if (event.type === 'step.started') return [make('START', job, { thing, facets })]
      const { state, reason, inputs, outputs } = event.data
      const from = await Promise.all(
        inputs.map(
          async (one): Promise<InputDataset> =>
            one.dataset === undefined
              ? { namespace, name: `${pipeline}.${one.step ?? step}.${one.output ?? one.name}`, facets: {} }
              : read(one.dataset, one.version === undefined ? undefined : await versionOf(one.dataset, one.version)),
        ),
      )
      const to = outputs.map(
        ({ name, digest, bytes }): OutputDataset => ({
          namespace,
          name: `${pipeline}.${step}.${name}`,
          facets: { version: facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: digest }) },
          outputFacets: {
            outputStatistics: facet('OutputStatisticsOutputDatasetFacet', '1-0-2', { size: bytes }),
          },
        }),
      )
      const failed = state === 'failed' ? failure(reason ?? 'the step failed') : {}
      return [make(ofState[state]!, job, { thing, facets: { ...facets, ...failed } }, from, to)]
    }
    case 'run.created':
    case 'run.finished': {
      const [began] =
        event.type === 'run.created'
          ? [event]
          : await journal.read({ project, subject: event.subject, types: ['run.created'], limit: 1 })
      const experiment = began?.type === 'run.created' ? began.data.experiment : 'unknown'
      const state = event.type === 'run.created' ? 'START' : (ofState[event.data.status] ?? 'OTHER')
      return [make(state, { name: `experiment.${experiment}`, type: 'TRAINING' }, { thing: event.subject })]
    }
    case 'release.started':
    case 'release.finished':
    case 'release.rolled_back': {
      const { model, version, revision } = event.data
      const endpoint = event.subject.slice(event.subject.indexOf('/') + 1)
      const state = {
        'release.started': 'START',
        'release.finished': 'COMPLETE',
        'release.rolled_back': 'FAIL',
      } as const
      const reason = event.type === 'release.rolled_back' ? event.data.reason : undefined
      return [
        make(
          state[event.type],
          { name: `release.${endpoint}`, type: 'RELEASE' },
          { thing: `release/${endpoint}/${revision}`, facets: failure(reason) },
          [modelOf(project, model, version)],
          [{ namespace: `${namespace}/endpoint`, name: endpoint, facets: {} }],
        ),
      ]
    }
  }
}

const modelOf = (project: string, model: string, version: number): OutputDataset => ({
  namespace: `${namespaceOf(project)}/model`,
  name: model,
  facets: { version: facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: String(version) }) },
})

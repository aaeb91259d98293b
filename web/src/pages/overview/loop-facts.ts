import { useQuery } from '@tanstack/react-query'
import { firingsQuery, rulesQuery } from '../../api/automation.ts'
import { datasetsQuery, sourcesQuery } from '../../api/data.ts'
import { alertsQuery, monitoringQuery } from '../../api/monitoring.ts'
import { pipelineRunsQuery, pipelinesQuery } from '../../api/pipelines.ts'
import { gatesQuery, modelsQuery } from '../../api/registry.ts'
import { endpointsQuery } from '../../api/serving.ts'
import { latestRunQuery } from '../../api/tracking.ts'
import type {
  Alert,
  Dataset,
  Endpoint,
  Firing,
  Gate,
  Model,
  MonitoringOverview,
  Pipeline,
  PipelineRun,
  Rule,
  RunSummary,
  Source,
} from '../../api/types.ts'
import { useProject } from '../../shell/project-context.tsx'

/** Everything that the picture of the loop tells; undefined until it is known. */
export interface LoopFacts {
  sources?: Source[] | undefined
  dataset?: Dataset | undefined
  datasets?: Dataset[] | undefined
  pipelines?: Pipeline[] | undefined
  pipelineRun?: PipelineRun | undefined
  run?: RunSummary | undefined
  model?: Model | undefined
  models?: Model[] | undefined
  gate?: Gate | undefined
  endpoint?: Endpoint | undefined
  endpoints?: Endpoint[] | undefined
  monitoring?: MonitoringOverview | undefined
  alerts?: Alert[] | undefined
  rules?: Rule[] | undefined
  firings?: Firing[] | undefined
}

const newest = <T>(items: T[] | undefined, time: (item: T) => number | null | undefined) =>
  items?.reduce<T | undefined>((best, one) => (!best || (time(one) ?? 0) > (time(best) ?? 0) ? one : best), undefined)

/** Follows the busiest way through the project: the dataset that the newest pipeline run read, the endpoint with most predictions and its model. */
export function useLoopFacts(): { facts: LoopFacts; error: unknown } {
  const project = useProject()
  const sources = useQuery(sourcesQuery(project))
  const datasets = useQuery(datasetsQuery(project))
  const pipelines = useQuery(pipelinesQuery(project))
  const pipelineRuns = useQuery(pipelineRunsQuery(project))
  const runs = useQuery(latestRunQuery(project))
  const models = useQuery(modelsQuery(project))
  const endpoints = useQuery(endpointsQuery(project))
  const endpoint = newest(endpoints.data?.items, (one) => one.live.predictions)
  const model =
    models.data?.items.find(({ name }) => name === endpoint?.model) ??
    newest(models.data?.items, (one) => one.updatedAt)
  const pipelineRun = newest(pipelineRuns.data?.items, (one) => one.id)
  const trainedOn = pipelineRuns.data?.items
    .flatMap((one) => one.steps.flatMap(({ inputs }) => inputs))
    .find(({ dataset }) => dataset !== undefined)?.dataset
  const gates = useQuery({ ...gatesQuery(project, model?.name ?? ''), enabled: model !== undefined })
  const monitoring = useQuery({ ...monitoringQuery(project, endpoint?.name ?? ''), enabled: endpoint !== undefined })
  const alerts = useQuery(alertsQuery(project))
  const rules = useQuery(rulesQuery(project))
  const firings = useQuery(firingsQuery(project))
  return {
    facts: {
      sources: sources.data?.items,
      datasets: datasets.data?.items,
      dataset:
        datasets.data?.items.find(({ name }) => name === trainedOn) ??
        newest(datasets.data?.items, (one) => one.latest?.createdAt),
      pipelines: pipelines.data?.items,
      pipelineRun,
      run: runs.data?.items[0],
      models: models.data?.items,
      model,
      gate: newest(gates.data?.items, (one) => one.id),
      endpoints: endpoints.data?.items,
      endpoint,
      monitoring: monitoring.data,
      alerts: alerts.data?.items,
      rules: rules.data?.items,
      firings: firings.data?.items,
    },
    error: sources.error ?? datasets.error ?? pipelines.error ?? endpoints.error ?? models.error ?? alerts.error,
  }
}

import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type { FeatureLookup, FeatureView, Items, TrainingSet } from './types.ts'

const at = (project: string, ...rest: (string | number)[]) => path('projects', project, ...rest)

/** rows land at any time, so what is known of them is asked for again */
const refetchInterval = 15_000

export const featureViewsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'data', 'features'],
    queryFn: ({ signal }) => api<Items<FeatureView>>(at(project, 'features'), { signal }),
    refetchInterval,
  })

export const featureViewQuery = (project: string, view: string) =>
  queryOptions({
    queryKey: [project, 'data', 'feature', view],
    queryFn: ({ signal }) => api<FeatureView>(at(project, 'features', view), { signal }),
    refetchInterval,
  })

export const trainingSetsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'data', 'training-sets'],
    queryFn: ({ signal }) => api<Items<TrainingSet>>(at(project, 'training-sets'), { signal }),
  })

/** `keys`: an entity each, a list of values where several columns name it; `moment`: now when absent. */
export const lookUp = (project: string, view: string, keys: string[][], moment?: number) =>
  api<FeatureLookup>(at(project, 'features', view, 'lookup'), {
    method: 'POST',
    body: { keys, ...(moment === undefined ? {} : { at: moment }) },
  })

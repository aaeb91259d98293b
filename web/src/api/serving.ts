import { queryOptions } from '@tanstack/react-query'
import { api, path } from './client.ts'
import type {
  Endpoint,
  EndpointDetail,
  Items,
  MeasuredCapacity,
  Release,
  ServingNode,
  WatchedRequests,
} from './types.ts'

const at = (project: string, ...rest: (string | number)[]) => path('projects', project, ...rest)

/** Rates and latencies are no events: they are asked for. */
const liveInterval = 5000

export const endpointsQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'serving', 'endpoints'],
    queryFn: ({ signal }) => api<Items<Endpoint>>(at(project, 'endpoints'), { signal }),
    refetchInterval: liveInterval,
  })

export const endpointQuery = (project: string, endpoint: string) =>
  queryOptions({
    queryKey: [project, 'serving', 'endpoint', endpoint],
    queryFn: ({ signal }) => api<EndpointDetail>(at(project, 'endpoints', endpoint), { signal }),
    refetchInterval: liveInterval / 2,
  })

export const releasesQuery = (project: string, endpoint: string) =>
  queryOptions({
    queryKey: [project, 'serving', 'releases', endpoint],
    queryFn: ({ signal }) =>
      api<Items<Release>>(at(project, 'endpoints', endpoint, 'releases'), { signal, query: { limit: 50 } }),
  })

/** What is counted or measured of an endpoint, as it is now. */
const ofEndpoint =
  <T>(what: string) =>
  (project: string, endpoint: string) =>
    queryOptions({
      queryKey: [project, 'serving', what, endpoint],
      queryFn: ({ signal }) => api<T>(at(project, 'endpoints', endpoint, what), { signal }),
      refetchInterval: liveInterval,
    })

export const requestsQuery = ofEndpoint<WatchedRequests>('requests')
export const nodesQuery = ofEndpoint<Items<ServingNode>>('nodes')
export const capacityQuery = ofEndpoint<Items<MeasuredCapacity>>('capacity')

/** Decides about a running release in place of its analyses; the reason goes into the journal. */
const decide = (verb: 'promote' | 'abort') => (project: string, release: Release, reason: string) =>
  api<Release>(at(project, 'endpoints', release.endpoint, 'releases', release.id, verb), {
    method: 'POST',
    body: { reason },
  })

export const promoteRelease = decide('promote')
export const abortRelease = decide('abort')

/** Declares the endpoint anew; the answer has defaults filled in. */
export const putEndpoint = (project: string, endpoint: string, spec: EndpointDetail['spec']) =>
  api<EndpointDetail>(at(project, 'endpoints', endpoint), { method: 'PUT', body: spec })

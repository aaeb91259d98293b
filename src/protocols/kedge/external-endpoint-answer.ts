import type { ExternalEndpoint } from '../../monitoring/log-endpoints.ts'
import { endpointSpec } from '../../serving/endpoint-spec.ts'

const nothing = {
  rate: 0,
  p50: null,
  p99: null,
  errorRate: null,
  predictions: 0,
  errors: 0,
  shadowPredictions: 0,
  unrecorded: 0,
  refused: 0,
  cpuSeconds: 0,
}

/** An endpoint whose model is served elsewhere, in the form of those that Kedge serves: it has no revisions, releases or load. */
export const showExternal = ({ project, name, spec, createdAt, updatedAt }: ExternalEndpoint) => ({
  project,
  name,
  model: '',
  spec: { ...endpointSpec.parse({ model: name, automatic: false }), model: '', threshold: spec.threshold },
  state: 'external' as const,
  traffic: [],
  live: nothing,
  cost: null,
  release: null,
  createdAt,
  updatedAt,
  revisions: [],
  features: spec.features ? Object.entries(spec.features).map(([feature, type]) => ({ name: feature, type })) : null,
  task: spec.task ?? null,
  addresses: { http: null, grpc: null },
})

import type { ExternalEndpoint } from '../../monitoring/log-endpoints.ts'
import { endpointSpec } from '../../serving/endpoint-spec.ts'

/** What nobody but the one who serves it can know. */
const unknown = {
  rate: null,
  p50: null,
  p99: null,
  errorRate: null,
  errors: 0,
  shadowPredictions: 0,
  unrecorded: 0,
  refused: 0,
  cpuSeconds: 0,
}

/** An endpoint whose model is served elsewhere, in the form of those that Kedge serves: it has no revisions, releases or load. */
export const showExternal = ({ project, name, spec, createdAt, updatedAt }: ExternalEndpoint, predictions: number) => ({
  project,
  name,
  model: '',
  spec: { ...endpointSpec.parse({ model: name, automatic: false }), model: '', threshold: spec.threshold },
  state: 'external' as const,
  traffic: [],
  live: { ...unknown, predictions },
  cost: null,
  release: null,
  createdAt,
  updatedAt,
  revisions: [],
  features: spec.features ? Object.entries(spec.features).map(([feature, type]) => ({ name: feature, type })) : null,
  task: spec.task ?? null,
  addresses: { http: null, grpc: null },
})

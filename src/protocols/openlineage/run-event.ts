import { createHash } from 'node:crypto'

/** OpenLineage 2.0.2, as far as it is spoken here; what others add stays as it came. */
export interface RunEvent {
  eventType: 'START' | 'RUNNING' | 'COMPLETE' | 'ABORT' | 'FAIL' | 'OTHER'
  eventTime: string
  producer: string
  schemaURL: string
  run: { runId: string; facets: Record<string, object> }
  job: { namespace: string; name: string; facets: Record<string, object> }
  inputs: InputDataset[]
  outputs: OutputDataset[]
}
interface Dataset {
  namespace: string
  name: string
  facets: Record<string, object>
}
export interface InputDataset extends Dataset {
  inputFacets?: Record<string, object>
}
export interface OutputDataset extends Dataset {
  outputFacets?: Record<string, object>
}

const spec = 'https://openlineage.io/spec'
export const producer = 'urn:kedge'
export const runEventSchema = `${spec}/2-0-2/OpenLineage.json#/$defs/RunEvent`

/** A facet with what every facet has. */
export const facet = (name: string, version: string, content: object): object => ({
  _producer: producer,
  _schemaURL: `${spec}/facets/${version}/${name}.json#/$defs/${name}`,
  ...content,
})

/** The namespace of a project's jobs and datasets. */
export const namespaceOf = (project: string): string => `kedge://${project}`
export const sourceNamespace = (project: string): string => `kedge://${project}/source`

/** The same UUID for the same thing, so that an event that is sent twice is of one run. */
export function runIdOf(project: string, thing: string): string {
  // a run of MLflow has an id that is a UUID without dashes
  const own = /^run\/([0-9a-f]{32})$/.exec(thing)?.[1]
  const hex = own ?? createHash('sha256').update(`${project}\0${thing}`).digest('hex')
  const version = own ? hex[12] : '5'
  const variant = own ? hex[16] : ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

import { type LoadedModel, labelsOf } from '../../contracts/model-runtime.ts'
import { exchangeHead } from '../recorded-exchange.ts'
import { noCounters, type RevisionCounters } from '../revision-counters.ts'
import type { RoutedEndpoint, RoutedRevision } from '../routing.ts'
import { hashText, splitTraffic } from '../traffic-split.ts'
import { createLineEncoder, type EncodeLine } from './record-line.ts'
import { createRowReader, type RowReader } from './row-reader.ts'

/** A revision whose model is loaded in this process. */
export interface ServedRevision extends RoutedRevision {
  loaded: LoadedModel
  /** undefined when the model does not name its features */
  reader: RowReader | undefined
  binary: boolean
  labelOf(score: number): string
  encode: EncodeLine
  encodeShadow: EncodeLine
  counters: RevisionCounters
}

export interface ServedEndpoint extends Omit<RoutedEndpoint, 'revisions'> {
  revisions: ServedRevision[]
  shadows: ServedRevision[]
  /** start of the record of a whole request and its answer */
  exchangeHead: string
  /** by the id of the prediction */
  choose(id: string): ServedRevision | undefined
}

/** Joins what control routes with what is loaded here. `counters` go on from one routing to the next. */
export function serveRevision(
  endpoint: RoutedEndpoint,
  revision: RoutedRevision,
  loaded: LoadedModel,
  counters: RevisionCounters = noCounters(),
): ServedRevision {
  const { description } = loaded
  const binary = description?.task === 'binary'
  const labels = description && binary ? labelsOf(description) : undefined
  const origin = { project: endpoint.project, endpoint: endpoint.name, revision: revision.number, caller: '' }
  return {
    ...revision,
    loaded,
    reader: description && createRowReader(description),
    binary,
    labelOf: labels ? (score) => (score >= endpoint.threshold ? labels.positive : labels.negative) : () => '',
    encode: createLineEncoder({ ...origin, shadow: false }, description),
    encodeShadow: createLineEncoder({ ...origin, shadow: true }, description),
    counters,
  }
}

/** What the inference process keeps of an endpoint to answer and record without looking anything up. */
export function serveEndpoint(endpoint: RoutedEndpoint, revisions: ServedRevision[]): ServedEndpoint {
  return {
    ...endpoint,
    revisions,
    shadows: revisions.filter((revision) => revision.shadow),
    exchangeHead: exchangeHead({
      project: endpoint.project,
      endpoint: endpoint.name,
      signatures: Object.fromEntries(revisions.map(signatureOf)),
    }),
    choose: splitTraffic(revisions, hashText(`${endpoint.project}/${endpoint.name}`)),
  }
}

const signatureOf = ({ number, loaded }: ServedRevision) => [
  number,
  (loaded.description?.features ?? []).map(({ name, type }) => [name, type === 'number' ? 1 : 0] as [string, 0 | 1]),
]

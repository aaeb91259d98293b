import type { FeatureLookup } from '../../contracts/feature-lookup.ts'
import { labelsOf } from '../../contracts/model-runtime.ts'
import type { RecordedOrigin } from '../recorded-rows.ts'
import { noCounters, type RevisionCounters } from '../revision-counters.ts'
import type { RoutedEndpoint, RoutedRevision } from '../routing.ts'
import { hashText, splitTraffic } from '../traffic-split.ts'
import type { CallLine } from './call-line.ts'
import type { EncodeRows } from './encode-rows.ts'
import { createLookUp, type LookUp, lookupColumns } from './features/look-up.ts'
import { createInputGuard, type InputGuard } from './input-guard.ts'
import type { ServedModel } from './loaded-models.ts'
import { createMaskedEncoder } from './mask-columns.ts'
import { createIdMask, type MaskIds } from './mask-ids.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import { type RecordedInputs, recordedInputs } from './recorded-inputs.ts'
import { createRowReader, type RowReader } from './row-reader.ts'

/** A revision whose model is loaded in this process. */
export interface ServedRevision extends RoutedRevision {
  loaded: ServedModel
  /** the way to its calls */
  line: CallLine
  /** undefined when the model does not name its features */
  reader: RowReader | undefined
  /** of a model that does not name its features; undefined where it does, or nothing of them can be recorded */
  inputs: RecordedInputs | undefined
  /** undefined where the endpoint lets every input pass */
  guard: InputGuard | undefined
  binary: boolean
  labelOf(score: number): string
  /** ids as they may be told; undefined where the caller's are */
  maskIds: MaskIds | undefined
  encode: EncodeRows
  encodeShadow: EncodeRows
  /** with a last column of the rows' flags, the feature `$flags` on record */
  encodeFlagged: EncodeRows
  /** undefined where callers send all features */
  lookUp: LookUp | undefined
  counters: RevisionCounters
}

export interface ServedEndpoint extends Omit<RoutedEndpoint, 'revisions'> {
  revisions: ServedRevision[]
  shadows: ServedRevision[]
  /** asked to try or to measure it: nobody must notice */
  trial?: boolean
  /** by the id of the prediction */
  choose(id: string): ServedRevision | undefined
}

/** Joins what control routes with what is loaded here. `counters` go on from one routing to the next. */
export function serveRevision(
  endpoint: RoutedEndpoint,
  revision: RoutedRevision,
  loaded: ServedModel,
  line: CallLine,
  more: { pseudonyms: Pseudonyms; features?: FeatureLookup | undefined; counters?: RevisionCounters },
): ServedRevision {
  const { pseudonyms, features, counters = noCounters() } = more
  const { description } = loaded
  const binary = description?.task === 'binary'
  const labels = description && binary ? labelsOf(description) : undefined
  const inputs = description ? undefined : recordedInputs(loaded.inputs)
  const origin = {
    project: endpoint.project,
    endpoint: endpoint.name,
    revision: revision.number,
    caller: '',
    features: [
      ...(description?.features ?? []).map(({ name, type }): [string, 0 | 1] => [name, type === 'number' ? 1 : 0]),
      ...(inputs?.features ?? []),
      ...(features ? lookupColumns : []),
    ],
  }
  const key = endpoint.features && endpoint.personal[endpoint.features.key]
  const personal = key ? { ...endpoint.personal, $key: key } : endpoint.personal
  const pseudonym = pseudonyms(endpoint.project, endpoint.pseudonyms)
  const encoder = (origin: RecordedOrigin) => createMaskedEncoder(origin, personal, pseudonym)
  return {
    ...revision,
    loaded,
    line,
    reader: description && createRowReader(description),
    inputs,
    guard: description && createInputGuard(description, revision.profile, endpoint.inputs),
    binary,
    labelOf: labels ? (score) => (score >= endpoint.threshold ? labels.positive : labels.negative) : () => '',
    maskIds: createIdMask(
      origin.features.map(([name]) => name),
      personal,
      pseudonym,
    ),
    encode: encoder({ ...origin, shadow: false }),
    encodeShadow: encoder({ ...origin, shadow: true }),
    encodeFlagged: encoder({ ...origin, shadow: false, features: [...origin.features, ['$flags', 0]] }),
    lookUp: features && endpoint.features && createLookUp(endpoint.features, features, loaded),
    counters,
  }
}

/** What the inference process keeps of an endpoint to answer and record without looking anything up. */
export function serveEndpoint(endpoint: RoutedEndpoint, revisions: ServedRevision[]): ServedEndpoint {
  return {
    ...endpoint,
    revisions,
    shadows: revisions.filter((revision) => revision.shadow),
    choose: splitTraffic(revisions, hashText(`${endpoint.project}/${endpoint.name}`)),
  }
}

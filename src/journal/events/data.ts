import { z } from 'zod'
import { event } from '../event.ts'

const numbered = { dataset: z.string(), version: z.number() }
const lineageColumn = z.object({ kind: z.string(), name: z.string(), column: z.string() })
const version = {
  dataset: z.string(),
  version: z.number(),
  digest: z.string(),
  rows: z.number(),
  quarantined: z.number(),
  removed: z.number(),
  specDigest: z.string(),
  window: z.object({ from: z.number(), to: z.number() }).nullable(),
  sources: z.array(
    z.object({ name: z.string(), kind: z.string(), configDigest: z.string(), state: z.string(), rows: z.number() }),
  ),
  parent: z.number().nullable(),
}

export const dataEvents = {
  'source.declared': event(
    'A source was declared or changed',
    z.object({ source: z.string(), kind: z.string(), config: z.unknown() }),
  ),
  'source.removed': event('A source was removed', z.object({ source: z.string() })),
  'dataset.declared': event(
    'A dataset was declared or changed',
    z.object({ dataset: z.string(), specDigest: z.string(), spec: z.unknown() }),
  ),
  'dataset.removed': event('A dataset was removed; its versions stay', z.object({ dataset: z.string() })),
  'stream.paused': event('A stream is no longer read', z.object({ source: z.string() })),
  'stream.resumed': event('A stream is read again', z.object({ source: z.string() })),
  'dataset_version.published': event('A new version of a dataset can be used', z.object(version), (thing, data) => [
    ...data.sources
      .filter(({ kind }) => kind === 'feature_view')
      .map((source) => ({ thing, source: `feature_view/${source.name}`, relation: 'has features of' })),
    ...data.sources
      .filter(({ kind }) => kind !== 'dataset' && kind !== 'feature_view')
      .map((source) => ({ thing, source: `source/${source.name}`, relation: 'pulled from' })),
    ...data.sources
      .filter(({ kind }) => kind === 'dataset')
      .map((source) => ({ thing, source: `dataset_version/${source.name}`, relation: 'made of' })),
    // a version of a window stands alone; one without continues what was read before
    ...(data.parent === null || data.window !== null
      ? []
      : [{ thing, source: `dataset_version/${data.dataset}@${data.parent}`, relation: 'continues' }]),
  ]),
  'dataset_version.rejected': event(
    'A version of a dataset failed its expectations and is not used',
    z.object({ ...version, reasons: z.array(z.string()), owner: z.string().optional() }),
  ),
  'dataset_version.tagged': event('A version of a dataset has a name', z.object({ ...numbered, tag: z.string() })),
  'dataset_version.untagged': event('A name of a version was taken away', z.object({ ...numbered, tag: z.string() })),
  'dataset_version.pinned': event(
    'A version is kept by every retention, or no longer',
    z.object({ ...numbered, pinned: z.boolean() }),
  ),
  'dataset_version.purged': event('The retention let the rows of a version go', z.object(numbered)),
  'feature_view.declared': event(
    'A feature view was declared or changed',
    z.object({ view: z.string(), dataset: z.string(), specDigest: z.string(), spec: z.unknown() }),
    (thing, data) => [{ thing, source: `dataset/${data.dataset}`, relation: 'reads' }],
  ),
  'feature_view.removed': event('A feature view was removed', z.object({ view: z.string() })),
  'feature_view.built': event(
    'The rows that the lookups of a feature view begin with were made anew',
    z.object({ view: z.string(), generation: z.string(), version: z.number().nullable(), entities: z.number() }),
  ),
  'lineage.received': event(
    'Another program told by OpenLineage what it read and wrote',
    z.object({
      job: z.string(),
      run: z.string(),
      state: z.string(),
      producer: z.string(),
      /** as subjects */
      inputs: z.array(z.string()),
      outputs: z.array(z.string()),
      columns: z.array(z.object({ to: lineageColumn, from: lineageColumn, how: z.string() })),
    }),
    (thing, data) => [
      ...data.inputs.map((source) => ({ thing, source, relation: 'read' })),
      ...data.outputs.map((output) => ({ thing: output, source: thing, relation: 'made by' })),
    ],
  ),
  'training_set.declared': event(
    'A training set was declared or changed',
    z.object({ trainingSet: z.string(), specDigest: z.string(), spec: z.unknown() }),
  ),
  'training_set.removed': event('A training set was removed; its versions stay', z.object({ trainingSet: z.string() })),
  'dataset.corrected': event(
    'Quarantined rows were corrected; later versions have the corrected values',
    z.object({ ...numbered, rows: z.array(z.number()), columns: z.array(z.string()) }),
  ),
  'dataset.rows_discarded': event(
    'Quarantined rows were left aside for good',
    z.object({
      ...numbered,
      rows: z.number(),
      why: z.string(),
      step: z.number().optional(),
      reason: z.string().optional(),
    }),
  ),
  'dataset.discard_withdrawn': event(
    'Discarded rows are open again',
    z.object({ dataset: z.string(), discard: z.number() }),
  ),
  'dataset.correction_withdrawn': event(
    'A correction of a row was taken back',
    z.object({ dataset: z.string(), correction: z.number() }),
  ),
}

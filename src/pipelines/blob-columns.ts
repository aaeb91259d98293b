import type { BlobColumn } from '../storage/blobs/blob-columns.ts'

const step = ['run', 'step']

/** Where this domain keeps digests of blobs. */
export const pipelineBlobs: readonly BlobColumn[] = [
  { table: 'pipelines', column: 'files', holds: 'document', key: ['id'] },
  { table: 'pipeline_runs', column: 'files', holds: 'document', key: ['id'] },
  { table: 'pipeline_steps', column: 'inputs', holds: 'document', key: step },
  { table: 'pipeline_steps', column: 'outputs', holds: 'document', key: step },
  { table: 'pipeline_code', column: 'diff', holds: 'blob', key: ['project', 'pipeline'] },
  { table: 'metered_steps', column: 'facts', holds: 'document', key: ['run', 'step', 'attempt'] },
  { table: 'pipeline_steps', column: 'log_digest', holds: 'blob', key: step },
]

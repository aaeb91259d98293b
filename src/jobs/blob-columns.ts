import type { BlobColumn } from '../storage/blobs/blob-columns.ts'

const waiting = "state in ('queued', 'running')"

/** What a job that has not ended was given may name blobs that nothing else names yet. */
export const jobBlobs: readonly BlobColumn[] = [
  { table: 'jobs', column: 'payload', holds: 'document', key: ['id'], where: waiting },
]

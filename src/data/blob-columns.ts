import type { BlobColumn } from '../storage/blobs/blob-columns.ts'

/** Where this domain keeps digests of blobs. */
export const dataBlobs: readonly BlobColumn[] = [
  { table: 'feature_bases', column: 'digest', holds: 'blob', key: ['id'] },
  { table: 'stream_batches', column: 'digest', holds: 'blob', key: ['id'] },
  {
    table: 'dataset_versions',
    column: 'digest',
    holds: 'blob',
    key: ['id'],
    where: 'parts is null and purged_at is null',
  },
  { table: 'dataset_versions', column: 'parts', holds: 'document', key: ['id'], where: 'purged_at is null' },
  { table: 'dataset_versions', column: 'quarantine_digest', holds: 'blob', key: ['id'] },
  { table: 'dataset_versions', column: 'batches', holds: 'document', key: ['id'] },
  { table: 'dataset_versions', column: 'sources', holds: 'document', key: ['id'] },
]

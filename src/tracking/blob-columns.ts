import type { BlobColumn } from '../storage/blobs/blob-columns.ts'

/** Where this domain keeps digests of blobs. */
export const trackingBlobs: readonly BlobColumn[] = [
  { table: 'artifact_files', column: 'digest', holds: 'blob', key: ['project', 'path'] },
  { table: 'artifact_upload_parts', column: 'digest', holds: 'blob', key: ['upload', 'part'] },
]

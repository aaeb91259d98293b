import type { BlobColumn } from '../storage/blobs/blob-columns.ts'

/** Where this domain keeps digests of blobs. */
export const servingBlobs: readonly BlobColumn[] = [
  { table: 'revisions', column: 'artifact', holds: 'folder', key: ['id'] },
]

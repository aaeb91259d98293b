import type { BlobColumn } from '../storage/blobs/blob-columns.ts'

/** Where the digests of references of models that are served elsewhere are kept. */
export const loggedBlobs: readonly BlobColumn[] = [
  { table: 'logged_references', column: 'digest', holds: 'blob', key: ['project', 'endpoint', 'version'] },
]

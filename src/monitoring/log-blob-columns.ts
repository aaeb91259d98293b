import type { BlobColumn } from '../storage/blobs/blob-columns.ts'

/** Where the digests of what belongs to models that are served elsewhere are kept. */
export const loggedBlobs: readonly BlobColumn[] = [
  { table: 'censius_datasets', column: 'digest', holds: 'blob', key: ['id'] },
  { table: 'logged_references', column: 'digest', holds: 'blob', key: ['project', 'endpoint', 'version'] },
]

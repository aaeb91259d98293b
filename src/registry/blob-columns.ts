import type { BlobColumn } from '../storage/blobs/blob-columns.ts'

const version = ['project', 'model', 'version']

/** Where this domain keeps digests of blobs. */
export const registryBlobs: readonly BlobColumn[] = [
  { table: 'model_versions', column: 'digest', holds: 'folder', key: version },
  { table: 'model_versions', column: 'reference', holds: 'blob', key: version },
  // a version made of a blob, whatever became of its digest
  { table: 'model_versions', column: 'source', holds: 'document', key: version, where: "state = 'active'" },
  { table: 'conversions', column: 'digest', holds: 'folder', key: version },
  { table: 'gate_results', column: 'evidence', holds: 'document', key: ['id'] },
  { table: 'promotions', column: 'evidence', holds: 'document', key: ['id'] },
]

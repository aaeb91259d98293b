import { dataBlobs } from '../data/blob-columns.ts'
import { jobBlobs } from '../jobs/blob-columns.ts'
import { loggedBlobs } from '../monitoring/log-blob-columns.ts'
import { pipelineBlobs } from '../pipelines/blob-columns.ts'
import { registryBlobs } from '../registry/blob-columns.ts'
import { servingBlobs } from '../serving/blob-columns.ts'
import type { BlobColumn } from '../storage/blobs/blob-columns.ts'
import { trackingBlobs } from '../tracking/blob-columns.ts'

/**
 * Every place that names blobs, in the order in which names are handed on: a version is registered from artifacts, a
 * revision is made of a version. Read in this order, a name that is handed on meanwhile is met in one place at least.
 */
export const nameBlobs: readonly BlobColumn[] = [
  ...dataBlobs,
  ...trackingBlobs,
  ...registryBlobs,
  ...pipelineBlobs,
  ...servingBlobs,
  ...jobBlobs,
  ...loggedBlobs,
]

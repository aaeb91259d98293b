import type { FeatureLookup } from '../../../contracts/feature-lookup.ts'
import { createTableLookup, type FeatureTable } from './feature-table.ts'
import { readAside, threadEntry } from './read-aside.ts'
import type { FeatureFile } from './read-feature-table.ts'

const entry = threadEntry('feature-table-thread')

/** Reads a file of features in a thread of its own. Errors: `features_unreadable`. */
export const openFeatureTable = async (source: string, file: FeatureFile): Promise<FeatureLookup> =>
  createTableLookup(source, await readAside<FeatureTable>(entry, source, file))

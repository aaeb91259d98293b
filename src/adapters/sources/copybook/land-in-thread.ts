import { inThread } from '../in-thread.ts'
import type { LandRecords } from './land-records.ts'

const entry = new URL(`./land-records-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** Decodes records. Errors: `source_unreadable`, `cancelled`. */
export const landInThread = (work: readonly LandRecords[], signal?: AbortSignal): Promise<void> =>
  inThread({ entry, work, title: 'Reading the records' }, signal)

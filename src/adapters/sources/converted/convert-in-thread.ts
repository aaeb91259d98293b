import { inThread } from '../in-thread.ts'
import type { Conversion, Converted } from './conversion.ts'

const entry = new URL(`./convert-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** Converts a file. Errors: `source_unreadable`, `cancelled`. */
export const convertInThread = (work: Conversion, signal?: AbortSignal): Promise<Converted> =>
  inThread({ entry, work, title: 'Reading the file', gibibytes: 2 }, signal)

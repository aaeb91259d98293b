import type { Column } from './model-runtime.ts'

/** A feature that can be looked up; numbers, booleans (as 1 and 0) and times (milliseconds since 1970) are numbers. */
export interface LookupColumn {
  name: string
  type: 'number' | 'bool' | 'text'
}

/** What was found for some keys, in their order. */
export interface LookedUp {
  /** 1 for a key that is known */
  found: Uint8Array
  /** a column for each of the lookup's, NaN or '' where the value is missing or the key is not known */
  columns: Column[]
}

/**
 * Features of entities by their key. It does not change while it is used: what is newer is another lookup, so that all rows
 * of a request see one state. One that must ask elsewhere answers with a promise; one in memory does not.
 */
export interface FeatureLookup {
  /** what it reads, as it is put on record beside a prediction: `customers@12` */
  readonly source: string
  readonly columns: readonly LookupColumn[]
  readonly entities: number
  /** of memory */
  readonly bytes: number
  /** Keys are texts, whole numbers in decimal digits. Errors: `unavailable`. */
  lookup(keys: readonly string[]): LookedUp | Promise<LookedUp>
}

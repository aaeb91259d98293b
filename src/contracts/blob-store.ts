import type { Readable } from 'node:stream'
import type { z } from 'zod'

export interface BlobInfo {
  /** lower-case hex SHA-256 of the bytes */
  digest: string
  bytes: number
}

/**
 * Content-addressed bytes. Every write is idempotent and atomic: a digest that is there is whole. Errors: `not_found`
 * for an absent digest, `disk_full`, `unavailable`.
 */
export interface BlobStore {
  /** Stores what the stream yields; memory stays flat whatever its size. `expected` digest: another one is refused. */
  put(content: Readable | Uint8Array, expected?: string): Promise<BlobInfo>
  /** Stores a file; `move` lets the store take the file itself where it can. */
  putFile(path: string, options?: { move?: boolean }): Promise<BlobInfo>
  /** Bytes `start`..`end` (both inclusive), all when absent. A whole read whose bytes do not match the digest fails at its end. */
  get(digest: string, range?: { start?: number; end?: number }): Promise<Readable>
  stat(digest: string): Promise<BlobInfo | undefined>
  /**
   * Takes the bytes away and says whether they were there. `putBefore`: they stay when they were put, even a second time,
   * at or after this time (milliseconds since 1970).
   */
  delete(digest: string, options?: { putBefore?: number }): Promise<boolean>
  /** `modifiedAt`: when they were put last, in milliseconds since 1970, as far as the store tells. */
  list(): AsyncIterable<BlobInfo & { modifiedAt: number }>
  /** Absolute path of a local file with these bytes; do not change it. Remote stores keep a cache. */
  localPath(digest: string): Promise<string>
  close(): Promise<void>
}

export interface BlobStoreEnvironment {
  /** absolute path of a folder of this process for copies of remote bytes */
  cacheDirectory: string
}

export interface BlobStoreDefinition<Config = unknown> {
  kind: string
  title: string
  /** an object schema with `kind: z.literal(…)` */
  config: z.ZodType<Config>
  open(config: Config, environment: BlobStoreEnvironment): Promise<BlobStore>
}

/** Declares a kind of blob store: one file in `adapters/blobs`. */
export const defineBlobStore = <Config>(definition: BlobStoreDefinition<Config>): BlobStoreDefinition =>
  definition as BlobStoreDefinition

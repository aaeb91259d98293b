import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { SecretReference } from './source.ts'

/** A file as a place lists it. */
export interface PlacedFile {
  /** what names it in `read` */
  key: string
  bytes: number
  /** changes whenever the bytes do, such as an ETag */
  version: string
}

export interface PlacedBytes {
  /** the bytes from `start` on */
  body: Readable
  /** where the body begins: 0 from a place that cannot resume */
  start: number
  /** bytes of the whole file; null where the place does not tell */
  size: number | null
  /** changes whenever the bytes do; null where the place does not tell */
  version: string | null
}

export interface ReadOptions {
  /** byte to begin with, when the rest of a broken read is wanted; `version` is then that of the read before */
  start?: number
  version?: string
  /** a version that need not be sent again */
  known?: string | undefined
}

/** An opened place. Errors of its methods: `not_found`, `source_refused`, `address_guarded`, `source_unreachable` (which is tried again). */
export interface FilePlace {
  /** Every file whose key begins with a text, in any order; absent where there are no lists. */
  list?(prefix: string): AsyncIterable<PlacedFile>
  /** The bytes of a file; undefined when they are those of the `known` version. */
  read(key: string, options: ReadOptions): Promise<PlacedBytes | undefined>
  close?(): Promise<void>
}

export interface PlacedAnswer {
  status: number
  headers: { get(name: string): string | null }
  body: Readable
}

/** What a place may use of the world. */
export interface PlaceEnvironment {
  /** One request to an http(s) address after the guard; a redirect is an answer. Errors: `address_guarded`, `source_unreachable`. */
  request(
    url: URL,
    options?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<PlacedAnswer>
  /** The address of a host after the guard: an IP that was checked, so that a name cannot be rebound in between. */
  checkedHost(host: string): Promise<string>
  /** The value behind a reference. Errors: `not_found`. */
  secret(reference: SecretReference): Promise<string>
  /** Does something again, with growing pauses, while it ends with `source_unreachable`. */
  persistent<T>(work: () => Promise<T>): Promise<T>
  signal: AbortSignal | undefined
}

export interface PlaceAddress {
  /** the whole address */
  url: string
  /** the same without what may be secret */
  shown: string
  /** what stands between `//` and the next `/` */
  authority: string
  /** what stands after that `/`, as it was written */
  key: string
}

export interface FilePlaceDefinition<Access = unknown> {
  /** name of the place for people */
  title: string
  /** of the addresses: `s3` in `s3://bucket/key` */
  schemes: readonly string[]
  /** form of its addresses, for people */
  form: string
  /** fields of `access:` beside an address */
  access: Record<string, z.ZodType>
  open(address: PlaceAddress, access: Access, environment: PlaceEnvironment): Promise<FilePlace>
}

/** Declares where files can be fetched from: one file in `adapters/places`. What is on the server itself needs no place: it is read where it is. */
export const defineFilePlace = <Access extends Record<string, z.ZodType>>(
  definition: Omit<FilePlaceDefinition, 'access' | 'open'> & {
    access: Access
    open(
      address: PlaceAddress,
      access: z.output<z.ZodObject<Access>>,
      environment: PlaceEnvironment,
    ): Promise<FilePlace>
  },
): FilePlaceDefinition => definition as unknown as FilePlaceDefinition

/** Of object stores that others than their inventors offer too. */
export const endpointField = z
  .url({ protocol: /^https?$/ })
  .optional()
  .meta({ description: 'address of the server, when it is not that of the inventor of the protocol' })

/** An address without user, password and query, which may hold secrets. */
export function shownAddress(url: string): string {
  const found = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^/@]*)@)?(.*)$/is.exec(url)
  if (!found) return url
  const [, scheme, before, rest] = found
  if (/^https?:/i.test(url)) return `${scheme}${rest!.replace(/[?#].*$/s, '')}`
  // what stands there in an address of Azure is the container
  return before?.includes(':') ? `${scheme}${rest}` : url
}

/** Parts of an address; undefined when it has no scheme, authority or key. */
export function addressParts(url: string): (PlaceAddress & { scheme: string }) | undefined {
  const found = /^([a-z][a-z0-9+.-]*):\/\/([^/]+)\/(.+)$/is.exec(url)
  return found
    ? { url, shown: shownAddress(url), scheme: found[1]!.toLowerCase(), authority: found[2]!, key: found[3]! }
    : undefined
}

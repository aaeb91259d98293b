import { z } from 'zod'
import type { Column } from './column.ts'

/** What a source may use of the world. */
export interface SourceEnvironment {
  /** The local file behind a path or an address, its digest known; guards paths and addresses, follows redirects. */
  localFile(location: { path?: string | undefined; url?: string | undefined }, signal?: AbortSignal): Promise<LocalFile>
  /** The address of a host after the guard: an IP that was checked, so that a name cannot be rebound in between. */
  checkedHost(host: string): Promise<string>
  /** The value behind a reference. Errors: `secret_missing`. */
  secret(reference: SecretReference): string
  /** Rows of a query of the events engine, for looking at a file's or a table's schema. */
  query<T>(sql: string, params?: Record<string, unknown>, settings?: Record<string, string | number>): Promise<T[]>
}

export interface LocalFile {
  /** what the user calls it: path or address */
  name: string
  /** absolute path on this machine */
  path: string
  digest: string
  bytes: number
}

/** The rows of a source, as something the events engine can select from. */
export interface SourceTable {
  /** table expression; values and secrets only as `{name:Type}` parameters */
  sql: string
  params: Record<string, unknown>
  settings?: Record<string, string | number>
  /** columns as the engine knows them: name and ClickHouse type */
  columns: { name: string; type: string }[]
  /** SQL for the position of a row, from 0; without it rows are numbered as they come */
  rowNumber?: string
  /** Names what the rows are a function of (a digest); absent when only reading tells. */
  state?: string
  /** The rows stay the same while `state` does, so they may be read again instead of copied. */
  stable?: boolean
  /** Text formats: every column is text and `types` says what it should be; a row that is not is quarantined. */
  types?: Column[]
  /** Text formats: SQL conditions over the columns under which a row cannot be read, with the reason. */
  unreadable?: { when: string; reason: string; value?: string }[]
  /** a column that only grows: rows after the last value seen are new */
  incremental?: string
  /** Rechecks after reading that the rows were of `state`. Errors: `source_changed`. */
  verify?(): Promise<void>
}

export interface SourceDefinition<Config = never> {
  /** `kind:` in kedge.yaml */
  kind: string
  title: string
  /** an object schema with `kind: z.literal(…)` */
  config: z.ZodType<Config>
  /** Finds the rows; reads no more than the schema. Errors: `source_unreadable`, `source_unreachable`, `not_found` … */
  open(config: Config, environment: SourceEnvironment, signal?: AbortSignal): Promise<SourceTable>
}

/** Declares a kind of source: one file in `adapters/sources`. */
export const defineSource = <Config>(definition: SourceDefinition<Config>): SourceDefinition<Config> => definition

/** A secret is never written down: it stays in an environment variable (KEDGE_SECRET_…) of the server. */
export const secretReference = z
  .strictObject({
    env: z
      .string()
      .regex(/^KEDGE_SECRET_\w+$/, 'must name an environment variable that begins with KEDGE_SECRET_')
      .meta({ description: 'environment variable of the server that holds the secret' }),
  })
  .meta({ id: 'SecretReference' })
export type SecretReference = z.infer<typeof secretReference>

/** Where a file is: exactly one of a path on the server and an http(s) address. */
export const fileLocation = {
  path: z.string().min(1).optional().meta({ description: 'file on the server' }),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ description: 'http or https address' }),
}
export const oneLocation = (config: { path?: string | undefined; url?: string | undefined }) =>
  (config.path === undefined) !== (config.url === undefined)
export const oneLocationMessage = { message: 'needs exactly one of path and url' }

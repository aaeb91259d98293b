import { z } from 'zod'
import type { Column } from './column.ts'

/** What a source may use of the world. */
export interface SourceEnvironment {
  /**
   * The local file behind a path or an address; guards both, follows redirects, keeps a copy of what came from afar.
   * Errors: `not_found`, `path_guarded`, `address_guarded`, `source_unreachable`, `source_refused`.
   */
  localFile(location: { path?: string | undefined; url?: string | undefined }): Promise<LocalFile>
  /**
   * The same for a path that may be a pattern over many files (`*` and `?` within a name, `**` for folders, `{a,b}`).
   * Errors: those of `localFile`, `too_large` when there are too many.
   */
  localFiles(location: { path?: string | undefined; url?: string | undefined }): Promise<LocalFiles>
  /** The address of a host after the guard: an IP that was checked, so that a name cannot be rebound in between. */
  checkedHost(host: string): Promise<string>
  /** The value behind a reference. Errors: `not_found`. */
  secret(reference: SecretReference): Promise<string>
  /** What was landed of the source, when it is a stream. Errors: `conflict` while there is nothing. */
  landed(): Promise<SourceTable>
  /** Rows of a query of the events engine, for looking at a schema. */
  query<T>(sql: string, params?: Record<string, unknown>, settings?: Record<string, string | number>): Promise<T[]>
  /** Columns of a table expression as the engine knows them. */
  describe(
    sql: string,
    params: Record<string, unknown>,
    settings?: Record<string, string | number>,
  ): Promise<{ name: string; type: string }[]>
}

export interface LocalFile {
  /** absolute path on this machine */
  path: string
  /** SHA-256 of the bytes, hex */
  digest(): Promise<string>
}

export interface LocalFiles extends LocalFile {
  /** there where the path is a pattern, which the events engine reads as it is */
  pattern?: {
    /** absolute paths, sorted */
    files: readonly string[]
    /** columns that folders name as `year=2001`, with the types that fit all their values */
    partitions: Column[]
  }
}

/** The rows of a source, as something the events engine can select from. */
export interface SourceTable {
  /** table expression; values and secrets only as `{name:Type}` parameters; empty where `land` makes it */
  sql: string
  params: Record<string, unknown>
  settings?: Record<string, string | number>
  /** columns as the engine knows them: name and ClickHouse type */
  columns: { name: string; type: string }[]
  /** the table expression again, for looking at some rows in any order, where `sql` is slow to give the first */
  sample?: string
  /** Text formats: the values are text, so their types are found by looking at them. */
  untyped?: boolean
  /** types that are known although the values are text */
  types?: Column[]
  /** SQL conditions over the columns (as `s.name`) under which a row cannot be read, with the reason */
  unreadable?: { when: string; reason: string; value?: string }[]
  /** SQL (over `s`) for the position of a row, from 0; without it rows are numbered as they come */
  rowNumber?: string
  /** Names what the rows are a function of, such as a file's digest; absent when only reading tells. */
  state?(): Promise<string>
  /** The rows may be read again while `state` is the same; without it they are copied first. */
  stable?: boolean
  /** a column that only grows: rows after the last value seen are new */
  incremental?: string
  /** What looking at the source has found where the declaration says nothing: setting → value, as it could be declared. */
  found?: Record<string, string | number | boolean>
  /**
   * For what the engine cannot read by itself: writes the rows (the first `rows` of them, when given) for it into new
   * files of an existing folder, and gives what selects from them. Called before each use.
   */
  land?(
    folder: string,
    options: { rows?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<Pick<SourceTable, 'sql' | 'params'>>
}

/** One of the things that are there to be read at a place. */
export interface FoundThere {
  /** such as `table` or `view`, for people */
  what: string
  title: string
  /** settings of the declaration that choose it */
  set: Record<string, string>
}

/** What there is at a place that holds several things to read, such as the tables of a database. */
export interface Discovery<Place = unknown> {
  /** the settings that are needed to look; others are ignored */
  place: z.ZodType<Place>
  /** Lists them, at most `limit`. Errors: as `open`. */
  list(place: Place, environment: SourceEnvironment, limit: number): Promise<FoundThere[]>
}

/** Declares how a kind of source finds what there is to read. */
export const defineDiscovery = <Place>(place: z.ZodType<Place>, list: Discovery<Place>['list']): Discovery =>
  ({ place, list }) as Discovery

export interface SourceDefinition<Config = unknown> {
  /** `kind:` in kedge.yaml */
  kind: string
  title: string
  /** an object schema with `kind: z.literal(…)` */
  config: z.ZodType<Config>
  /** Finds the rows; reads no more than the schema. Errors: `source_unreadable`, `source_unreachable`, `not_found` … */
  open(config: Config, environment: SourceEnvironment, signal?: AbortSignal): Promise<SourceTable>
  /** for kinds whose places hold several things to read */
  discover?: Discovery
}

/** Declares a kind of source: one file in `adapters/sources`. */
export const defineSource = <Config>(definition: SourceDefinition<Config>): SourceDefinition =>
  definition as SourceDefinition

/** A secret is never written into a declaration: it names one that was stored with `PUT /api/v1/projects/PROJECT/secrets/NAME`. */
export const secretReference = z
  .strictObject({ secret: z.string().min(1).meta({ description: 'name of a stored secret of the project' }) })
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
/** The same for kinds that read many files at once. */
export const filesLocation = {
  ...fileLocation,
  path: fileLocation.path.meta({
    description:
      'file on the server, or a pattern over many: * and ? within a name, ** for folders, {a,b}; folders called year=2001 become columns',
  }),
}
/** Whether exactly one of path and address is given. */
export const oneLocation = (config: { path?: string | undefined; url?: string | undefined }) =>
  (config.path === undefined) !== (config.url === undefined)
export const oneLocationMessage = { message: 'needs exactly one of path and url' }

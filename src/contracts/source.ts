import { z } from 'zod'
import type { Column } from './column.ts'

/** What a source may use of the world. */
export interface SourceEnvironment {
  /**
   * The local file behind a path or an address; guards both, keeps a copy of what came from afar, unpacks a member of a
   * ZIP file. Errors: `not_found`, `path_guarded`, `address_guarded`, `source_unreachable`, `source_refused`.
   */
  localFile(location: FileLocation): Promise<LocalFile>
  /**
   * The same for a path, address or member that may be a pattern over many files (`*` and `?` within a name, `**` for
   * folders, `{a,b}`). Errors: those of `localFile`, `too_large` when there are too many.
   */
  localFiles(location: FileLocation): Promise<LocalFiles>
  /** The same for files that only say which others have the rows, such as the log of a table. */
  sideFiles(location: FileLocation): Promise<LocalFiles>
  /** Those of the files with the rows that are to be read now: all, or what an earlier pull has not read. */
  toRead(files: LocalFiles): Promise<LocalFiles>
  /**
   * A folder of files that are a function of `key`, which names what they were made of and how: made once by `make`, then
   * kept for some days after each use. Nothing but files of their own are written there.
   */
  derived(key: readonly unknown[], make: (folder: string) => Promise<void>): Promise<string>
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

/** Where a file is: a path on the server or an address, with how the place behind it lets in. */
export interface FileLocation {
  path?: string | undefined
  url?: string | undefined
  access?: Record<string, unknown> | undefined
  /** of a ZIP file */
  member?: string | undefined
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
    /** absolute path of the folder below which they are, before the first sign of a pattern */
    folder: string
    /** absolute paths, sorted */
    files: readonly string[]
    /** SHA-256 (hex) that names the bytes of one of them */
    digestOf(path: string): Promise<string>
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
  /** SQL (over `s`) for the file that a row is from, below the folder of the pattern; for rows of many files */
  file?: string
  /** Names what the rows are a function of, such as a file's digest; absent when only reading tells. */
  state?(): Promise<string>
  /** The rows may be read again while `state` is the same; without it they are copied first. */
  stable?: boolean
  /** a column that grows: rows with the last value seen and larger ones are read again, and those that are known left out */
  incremental?: string
  /** no value of it comes twice, and none after a larger one */
  strictly?: boolean
  /** rows may come whose value is less than the last one by so much: seconds for times and dates */
  lag?: number
  /** columns by which a row that was read again is known; all of them when absent */
  key?: string[]
  /** What looking at the source has found where the declaration says nothing: setting → value, as it could be declared. */
  found?: Record<string, string | number | boolean>
  /**
   * For what the engine cannot read by itself: writes the rows (the first `rows` of them, when given; those whose value
   * of `incremental` is `from` or larger) for it into new files of an existing folder, and gives what selects from them.
   * Called before each use.
   */
  land?(
    folder: string,
    options: { rows?: number | undefined; from?: string | undefined; signal?: AbortSignal | undefined },
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

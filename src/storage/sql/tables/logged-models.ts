import type { Generated } from 'kysely'

/** Models that are served elsewhere; what they predicted is in the events store like any other prediction. */
export interface LoggedModelTables {
  external_endpoints: {
    project: string
    name: string
    /** JSON of ExternalEndpointSpec */
    spec: string
    created_at: number
    updated_at: number
  }
  /** The caller's names of versions, each with the number by which monitoring knows it. */
  logged_versions: {
    project: string
    endpoint: string
    version: string
    revision: number
    created_at: number
  }
  /** What versions are compared with. */
  logged_references: {
    project: string
    endpoint: string
    /** '' for all versions without one of their own */
    version: string
    /** of a Parquet file in the form that references have */
    digest: string
    /** JSON: where the rows came from */
    origin: string
    rows: number
    set_at: number
  }
  /** Parts of files that have been taken in, so that a file which is sent again goes on where it stopped. */
  logged_files: {
    project: string
    endpoint: string
    /** of the file's bytes and of how its columns were read */
    digest: string
    /** 0, 1, 2 … */
    part: number
    /** JSON of LoggedPart */
    result: string
    logged_at: number
  }
  /** Actuals that are being written: what a process that died has left, another marks. */
  arriving_actuals: {
    id: Generated<number>
    project: string
    endpoint: string
    /** the process that writes them */
    node: string
    /** the least `received_at` of them, milliseconds since 1970 */
    received_from: number
    started_at: number
  }
  /** What clients of the Censius SDK have registered, by the numbers that they were given. */
  censius_datasets: {
    id: Generated<number>
    project: string
    name: string
    version: string
    /** of the file's blob */
    digest: string
    /** JSON of RegisteredDataset */
    description: string
    created_at: number
  }
  censius_models: {
    id: Generated<number>
    project: string
    /** the caller's id of it */
    model: string
    version: string
    /** JSON of RegisteredModel */
    description: string
    created_at: number
  }
}

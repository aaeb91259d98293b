import type { Task } from '../contracts/monitor-kind.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import type { EndpointKey } from './stale.ts'

/** What monitoring needs to know of a revision of an endpoint. */
export interface WatchedRevision {
  revision: number
  model: string
  version: number
  /** digest of a Parquet file: the features' columns, `score`, `label` (the truth), `time`, and if
   * there is one `out_of_fold` (the score of a model that did not learn from the row) of the model's reference rows */
  reference: string | null
  /** absent: found out from the data */
  task?: Task
  /** names the profiles of its reference; absent: those of the model version */
  scope?: string
}

export interface WatchedEndpoint {
  revisions: WatchedRevision[]
  /** probability from which a binary score counts as positive */
  threshold: number
  /** features that stand on record masked */
  masked?: readonly string[]
}

export type DescribeEndpoint = (key: EndpointKey) => Promise<WatchedEndpoint>

/** Reads it from the endpoint's revisions and their model versions. An endpoint that Kedge does not serve has none. */
export const createDescribeEndpoint =
  (store: SqlStore): DescribeEndpoint =>
  async ({ project, endpoint }) => {
    const rows = await store.read
      .selectFrom('endpoints')
      .innerJoin('revisions', 'revisions.endpoint_id', 'endpoints.id')
      .leftJoin('model_versions', (join) =>
        join
          .onRef('model_versions.project', '=', 'endpoints.project')
          .onRef('model_versions.model', '=', 'revisions.model')
          .onRef('model_versions.version', '=', 'revisions.version'),
      )
      .select([
        'revisions.number',
        'revisions.model',
        'revisions.version',
        'model_versions.reference',
        'model_versions.signature',
        'endpoints.spec',
      ])
      .where('endpoints.project', '=', project)
      .where('endpoints.name', '=', endpoint)
      .execute()
    return {
      threshold: thresholdOf(rows[0]?.spec),
      masked: maskedIn(rows[0]?.spec),
      revisions: rows.map((row) => {
        const task = fromJson<{ task?: string }>(row.signature)?.task
        return {
          revision: row.number,
          model: row.model,
          version: row.version,
          reference: row.reference,
          ...(task === 'binary' || task === 'multiclass' || task === 'regression' ? { task } : {}),
        }
      }),
    }
  }

const thresholdOf = (spec: string | undefined) =>
  spec === undefined ? 0.5 : (fromJson<{ threshold?: number }>(spec).threshold ?? 0.5)

const maskedIn = (spec: string | undefined) =>
  spec === undefined ? [] : Object.keys(fromJson<{ record?: { personal?: object } }>(spec).record?.personal ?? {})

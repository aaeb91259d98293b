import type { Generated } from 'kysely'

/** Times are event times in milliseconds since 1970 unless said otherwise. */
export interface MonitoringTables {
  /** What monitoring knows of an endpoint, whether Kedge serves it or somebody else does. */
  monitored_endpoints: {
    project: string
    name: string
    /** raised by every change that makes something stale; versions of recomputed rows come from it */
    counter: number
    first_prediction: number | null
    last_prediction: number | null
    /** start of the newest hour with a joined actual */
    last_actual: number | null
    /** JSON of EndpointMonitorSettings as given; null: all defaults */
    settings: string | null
    /** retention has taken the raw rows before it; null: none yet */
    raw_from: Generated<number | null>
  }
  /** The last time that somebody had an endpoint's windows evaluated anew. */
  back_fills: {
    project: string
    endpoint: string
    from_time: number
    to_time: number
    windows: number
    /** Kedge's clock */
    asked_at: number
    asked_by: string
  }
  /** What was erased of an endpoint's raw rows, and since when what was derived could not be corrected. */
  erasures: {
    id: Generated<number>
    project: string
    endpoint: string
    state: 'queued' | 'done'
    /** JSON; empty once it is done: it names the subject */
    condition: string
    /** JSON: hours that hold the rows; empty once it is done */
    hours: string
    /** Kedge's clock */
    erased_at: number
    erased_by: string
    reason: string
    predictions: number
    actuals: number
    /** hours whose profiles are computed anew */
    corrected: number
    /** raw rows before it were gone already */
    uncertain_before: number | null
  }
  /** What the columns of an endpoint, or of a reference, hold that are more than categories. */
  monitored_columns: {
    project: string
    /** as profiles have it: `endpoint/NAME` or `model/NAME/VERSION` */
    scope: string
    /** '' says that the columns of a reference were looked at */
    name: string
    kind: string
    /** JSON of ColumnFacts; null: nothing was learnt yet */
    facts: string | null
    /** hours before it are among those that the facts were learnt from */
    learnt_before: number
    /** Kedge's clock */
    found_at: number
  }
  /** Hours whose profiles are stale. */
  stale_buckets: {
    project: string
    endpoint: string
    bucket: number
    /** the counter when it was marked last */
    mark: number
  }
  /** Windows whose monitors are to be evaluated once they are complete. */
  stale_windows: {
    project: string
    endpoint: string
    window_end: number
    mark: number
  }
  alerts: {
    id: Generated<number>
    project: string
    endpoint: string
    family: string
    state: 'open' | 'closed'
    revision: number
    /** Kedge's clock */
    opened_at: number
    closed_at: number | null
    first_window_end: number
    last_window_end: number
    /** JSON */
    violations: string
    /** JSON */
    causes: string
    /** JSON: ends of healthy windows since the last violation */
    healthy: string
    closed_by: string | null
    reason: string | null
  }
}

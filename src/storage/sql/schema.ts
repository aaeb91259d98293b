import type { AutomationTables } from './tables/automation.ts'
import type { CostTables } from './tables/costs.ts'
import type { DataTables } from './tables/data.ts'
import type { EvaluationTables } from './tables/evaluation.ts'
import type { ExplanationTables } from './tables/explanations.ts'
import type { FeatureTables } from './tables/features.ts'
import type { GovernanceTables } from './tables/governance.ts'
import type { JobTables } from './tables/jobs.ts'
import type { JournalTables } from './tables/journal.ts'
import type { LoggedModelTables } from './tables/logged-models.ts'
import type { MonitoringTables } from './tables/monitoring.ts'
import type { PipelineTables } from './tables/pipelines.ts'
import type { RegistryTables } from './tables/registry.ts'
import type { ReviewTables } from './tables/review.ts'
import type { ServingTables } from './tables/serving.ts'
import type { StreamTables } from './tables/streams.ts'
import type { TraceTables } from './tables/traces.ts'
import type { TrackingTables } from './tables/tracking.ts'
import type { UploadTables } from './tables/uploads.ts'

/**
 * Every table of the SQL store, by domain. Conventions, the same on SQLite and PostgreSQL: times are milliseconds since
 * 1970 in a bigint; truth values are integers 0 and 1; documents are JSON in a text column.
 */
export type Database = JournalTables &
  JobTables &
  DataTables &
  StreamTables &
  FeatureTables &
  TrackingTables &
  TraceTables &
  UploadTables &
  EvaluationTables &
  ReviewTables &
  RegistryTables &
  PipelineTables &
  CostTables &
  ServingTables &
  MonitoringTables &
  ExplanationTables &
  LoggedModelTables &
  AutomationTables &
  GovernanceTables

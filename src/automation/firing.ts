import type { Selectable } from 'kysely'
import { fromJson } from '../storage/sql/json-column.ts'
import type { AutomationTables, FiringState } from '../storage/sql/tables/automation.ts'

export interface FiringGate {
  model: string
  version: number
  result: 'waiting' | 'passed' | 'failed'
}

/** A cause that a rule has looked at, and what came of it. */
export interface Firing {
  id: number
  project: string
  rule: string
  cause: number | null
  subject: string
  time: number
  state: FiringState
  reason: string | null
  pipelineRun: number | null
  gates: FiringGate[]
  createdAt: number
  finishedAt: number | null
}

/** A firing as its row of the table `rule_firings` says it. */
export const toFiring = (row: Selectable<AutomationTables['rule_firings']>): Firing => ({
  id: row.id,
  project: row.project,
  rule: row.rule,
  cause: row.cause,
  subject: row.subject,
  time: row.time,
  state: row.state,
  reason: row.reason,
  pipelineRun: row.pipeline_run,
  gates: fromJson(row.gates),
  createdAt: row.created_at,
  finishedAt: row.finished_at,
})

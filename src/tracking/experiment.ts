import type { Selectable } from 'kysely'
import type { LifecycleState, TrackingTables } from '../storage/sql/tables/tracking.ts'

export interface Experiment {
  id: string
  name: string
  artifactLocation: string
  state: LifecycleState
  createdAt: number
  updatedAt: number
  tags: Record<string, string>
}

export type ExperimentRow = Selectable<TrackingTables['experiments']>

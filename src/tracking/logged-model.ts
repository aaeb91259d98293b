import type { Selectable } from 'kysely'
import type { TrackingTables } from '../storage/sql/tables/tracking.ts'

export interface LoggedModel {
  id: string
  experimentId: string
  name: string
  type: string
  sourceRun: string | null
  status: string
  artifactUri: string
  createdAt: number
  updatedAt: number
  params: Record<string, string>
  tags: Record<string, string>
  metrics: {
    key: string
    value: number
    step: number
    time: number
    runId: string
    datasetName: string
    datasetDigest: string
  }[]
}

export type LoggedModelRow = Selectable<TrackingTables['logged_models']>

import type { Selectable } from 'kysely'
import type { EvaluationTables } from '../../storage/sql/tables/evaluation.ts'

export interface EvaluationDataset {
  id: string
  name: string
  digest: string
  /** JSON */
  schema: string | null
  records: number
  tags: Record<string, string>
  createdAt: number
  updatedAt: number
  createdBy: string | null
  updatedBy: string | null
}

export type DatasetRow = Selectable<EvaluationTables['evaluation_datasets']>

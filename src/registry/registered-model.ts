import type { Selectable } from 'kysely'
import type { RegistryTables } from '../storage/sql/tables/registry.ts'
import type { ModelSpec } from './model-spec.ts'

export interface RegisteredModel {
  project: string
  name: string
  description: string | null
  spec: ModelSpec | null
  tags: Record<string, string>
  aliases: Record<string, number>
  /** how many versions there are, and the newest */
  versions: number
  latestVersion: number | null
  createdAt: number
  updatedAt: number
}

export type ModelRow = Selectable<RegistryTables['registered_models']>

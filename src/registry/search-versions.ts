import { sql } from 'kysely'
import { limits } from '../tracking/limits.ts'
import type { Searched } from './search-registry.ts'

/** Model versions, those changed last first unless an order is given. */
export const searchedVersions: Searched = {
  table: 'model_versions',
  thing: 'a model version',
  text: {
    name: sql`model_versions.model`,
    run_id: sql`model_versions.run_id`,
    source_path: sql`model_versions.source`,
    source: sql`model_versions.source`,
    current_stage: sql`model_versions.stage`,
  },
  numbers: {
    version_number: sql`model_versions.version`,
    version: sql`model_versions.version`,
    creation_timestamp: sql`model_versions.created_at`,
    last_updated_timestamp: sql`model_versions.updated_at`,
  },
  tags: sql`model_version_tags t where t.project = model_versions.project and t.model = model_versions.model and t.version = model_versions.version`,
  order: {
    name: 'model',
    version_number: 'version',
    creation_timestamp: 'created_at',
    last_updated_timestamp: 'updated_at',
  },
  usualOrder: sql`updated_at desc`,
  lastOrder: sql`model, version desc`,
  most: limits.searchVersions,
  usual: 10_000,
}

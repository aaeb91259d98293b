import { sql } from 'kysely'
import type { Searched } from './search-registry.ts'

/** Registered models, by name unless an order is given. */
export const searchedModels: Searched = {
  table: 'registered_models',
  thing: 'a registered model',
  text: { name: sql`registered_models.name` },
  numbers: {
    creation_timestamp: sql`registered_models.created_at`,
    last_updated_timestamp: sql`registered_models.updated_at`,
  },
  tags: sql`registered_model_tags t where t.project = registered_models.project and t.model = registered_models.name`,
  order: {
    name: 'name',
    timestamp: 'updated_at',
    last_updated_timestamp: 'updated_at',
    creation_timestamp: 'created_at',
  },
  usualOrder: sql`name`,
  lastOrder: sql`name`,
  most: 1000,
  usual: 100,
}

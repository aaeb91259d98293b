import { type Kysely, sql } from 'kysely'
import type { Database } from '../storage/sql/schema.ts'

interface Owners {
  experiment_tags: 'experiment'
  logged_model_params: 'model'
  logged_model_tags: 'model'
}

const chunk = 1000

/** The keys and values of many owners at once, by owner. */
export async function readPairs<Table extends keyof Owners, Owner extends number | string>(
  db: Kysely<Database>,
  table: Table,
  column: Owners[Table],
  owners: readonly Owner[],
): Promise<Map<Owner, Record<string, string>>> {
  const pairs = new Map<Owner, Record<string, string>>()
  for (let i = 0; i < owners.length; i += chunk) {
    const { rows } = await sql<{
      owner: Owner
      key: string
      value: string
    }>`select ${sql.ref(column)} as owner, key, value from ${sql.table(table)}
      where ${sql.ref(column)} in (${sql.join(owners.slice(i, i + chunk))}) order by key`.execute(db)
    for (const row of rows) {
      let own = pairs.get(row.owner)
      // keys are callers' words: none may reach the prototype
      if (!own) {
        own = Object.create(null) as Record<string, string>
        pairs.set(row.owner, own)
      }
      own[row.key] = row.value
    }
  }
  return pairs
}

import type { Change } from '../../journal/journal.ts'
import { fromJson, toJson } from '../../storage/sql/json-column.ts'
import type { SqlStore } from '../../storage/sql/sql-store.ts'
import type { ColumnFacts, ColumnKind, FoundColumn } from './column-facts.ts'

/** Its row says that a scope was looked at, whatever was found. */
const LOOKED = ''

/** What was found in a scope; undefined when nobody has looked. */
export async function readColumns(
  store: SqlStore,
  project: string,
  scope: string,
): Promise<Map<string, FoundColumn> | undefined> {
  const rows = await store.read
    .selectFrom('monitored_columns')
    .selectAll()
    .where('project', '=', project)
    .where('scope', '=', scope)
    .orderBy('name')
    .execute()
  if (rows.length === 0) return undefined
  return new Map(
    rows
      .filter(({ name }) => name !== LOOKED)
      .map((row) => [
        row.name,
        {
          name: row.name,
          kind: row.kind as ColumnKind,
          facts: row.facts === null ? null : fromJson<ColumnFacts>(row.facts),
          learntBefore: Number(row.learnt_before),
        },
      ]),
  )
}

/** Keeps them, and that the scope was looked at. */
export async function keepColumns(
  { db, now }: Pick<Change, 'db' | 'now'>,
  project: string,
  scope: string,
  columns: readonly FoundColumn[],
): Promise<void> {
  const looked: FoundColumn = { name: LOOKED, kind: 'category', facts: null, learntBefore: 0 }
  for (const { name, kind, facts, learntBefore } of [looked, ...columns]) {
    const found = { kind, facts: facts && toJson(facts), learnt_before: learntBefore, found_at: now }
    await db
      .insertInto('monitored_columns')
      .values({ project, scope, name, ...found })
      .onConflict((c) => c.columns(['project', 'scope', 'name']).doUpdateSet(found))
      .execute()
  }
}

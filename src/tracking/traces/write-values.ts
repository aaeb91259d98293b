import type { Kysely } from 'kysely'
import type { Database } from '../../storage/sql/schema.ts'

type Table = 'trace_tags' | 'trace_metadata'
const chunk = 1000

/** Tags or metadata of traces; a later value of a key replaces the earlier one, unless it shall be kept. */
export async function writeValues(
  db: Kysely<Database>,
  table: Table,
  rows: readonly { trace: number; key: string; value: string }[],
  existing: 'replace' | 'keep' = 'replace',
): Promise<void> {
  const byKey = new Map<string, { trace: number; key: string; value: string }>()
  for (const row of rows) {
    const name = `${row.trace}/${row.key}`
    if (existing === 'replace' || !byKey.has(name)) byKey.set(name, row)
  }
  const all = [...byKey.values()]
  for (let i = 0; i < all.length; i += chunk)
    await db
      .insertInto(table)
      .values(all.slice(i, i + chunk))
      .onConflict((c) => {
        const same = c.columns(['trace', 'key'])
        return existing === 'keep' ? same.doNothing() : same.doUpdateSet((e) => ({ value: e.ref('excluded.value') }))
      })
      .execute()
}

import type { Query, SqlStore } from '../storage/sql/sql-store.ts'

/** Sets keys of a run; a key that is there gets the new value. */
export async function writePairs(
  kind: SqlStore['kind'],
  query: Query,
  table: 'run_tags' | 'run_params',
  run: number,
  pairs: readonly (readonly [key: string, value: string])[],
): Promise<void> {
  if (kind === 'sqlite') {
    for (const [key, value] of pairs)
      query(
        `insert into ${table} (run, key, value) values (?, ?, ?) on conflict (run, key) do update set value = excluded.value`,
        [run, key, value],
      )
    return
  }
  await query(
    `insert into ${table} (run, key, value) select ?, p.* from unnest(?::text[], ?::text[]) p
     on conflict (run, key) do update set value = excluded.value`,
    [run, pairs.map(([key]) => key), pairs.map(([, value]) => value)],
  )
}

interface Pair {
  key: string
  value: string
}

/** Adds keys of a run; one that is there stays as it is. Gives those that were there, with the value that they have. */
export async function addPairs(
  kind: SqlStore['kind'],
  query: Query,
  table: 'run_tags' | 'run_params',
  run: number,
  pairs: readonly (readonly [key: string, value: string])[],
): Promise<Pair[]> {
  const there: Pair[] = []
  if (kind === 'sqlite') {
    for (const [key, value] of pairs) {
      const [stored] = await query<Pair>(`select key, value from ${table} where run = ? and key = ?`, [run, key])
      if (stored) there.push(stored)
      else query(`insert into ${table} (run, key, value) values (?, ?, ?)`, [run, key, value])
    }
    return there
  }
  const keys = pairs.map(([key]) => key)
  const added = await query<{ key: string }>(
    `insert into ${table} (run, key, value) select ?, p.* from unnest(?::text[], ?::text[]) p
     on conflict (run, key) do nothing returning key`,
    [run, keys, pairs.map(([, value]) => value)],
  )
  if (added.length === keys.length) return []
  // another statement, because it sees what another process has added meanwhile
  return query<Pair>(`select key, value from ${table} where run = ? and key = any(?::text[])`, [run, keys])
}

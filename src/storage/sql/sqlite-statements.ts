import type { Database, Statement } from 'better-sqlite3'
import type { SqliteDatabase } from 'kysely'
import type { Query } from './sql-store.ts'

const mostKept = 500

/**
 * A database that prepares each text once: preparing costs more than most of our statements. The oldest of very many
 * texts are forgotten.
 */
export function keepStatements(database: Database): SqliteDatabase & { query: Query } {
  const kept = new Map<string, Statement>()
  const prepare = (text: string): Statement => {
    const known = kept.get(text)
    // one that is being iterated cannot be run a second time
    if (known && !(known as Statement & { busy: boolean }).busy) return known
    const statement = database.prepare(text)
    if (kept.size >= mostKept) kept.delete(kept.keys().next().value as string)
    kept.set(text, statement)
    return statement
  }
  return {
    prepare: prepare as unknown as SqliteDatabase['prepare'],
    close: () => void database.close(),
    query<Row>(text: string, parameters: readonly unknown[]): Row[] {
      const statement = prepare(text)
      if (statement.reader) return statement.all(parameters as unknown[]) as Row[]
      statement.run(parameters as unknown[])
      return []
    },
  }
}

import type { Client, ClientConfig } from 'pg'
import { withClient } from './clients.ts'
import { landedName } from './column-types.ts'
import type { ChangesConfig } from './config.ts'
import { columnName, type TableFacts, tableName } from './table-facts.ts'

const page = 2000
/** dates, numbers and all else as the server writes them */
const asText = { getTypeParser: () => (text: string) => text }

export interface SnapshotInput {
  options: ClientConfig
  config: ChangesConfig
  facts: TableFacts
  /** name of an exported snapshot */
  snapshot: string
  /** whether to go on; also waits while reading is paused */
  ready(): Promise<boolean>
  take(values: (string | null)[]): void
}

/** Hands over the rows of the table as they were in a snapshot; false when it was told to stop before the end. */
export const readSnapshot = ({ options, config, facts, snapshot, ready, take }: SnapshotInput): Promise<boolean> =>
  withClient(options, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await client.query(`SET TRANSACTION SNAPSHOT '${snapshot.replace(/'/g, "''")}'`)
    const columns = facts.columns.map(({ name }) => columnName(name)).join(', ')
    const where = facts.filter === undefined ? '' : ` WHERE ${facts.filter}`
    await client.query(`DECLARE rows NO SCROLL CURSOR FOR SELECT ${columns} FROM ${tableName(config)}${where}`)
    for (;;) {
      if (!(await ready())) return false
      const { rows } = await client.query<(string | null)[]>({
        text: `FETCH ${page} FROM rows`,
        rowMode: 'array',
        types: asText as never,
      })
      for (const row of rows) take(row)
      if (rows.length < page) return true
    }
  })

/** Columns of the row with a key, as it is now; undefined when there is none. */
export async function readRow(
  client: Client,
  config: ChangesConfig,
  columns: readonly { name: string }[],
  key: readonly string[],
  values: Record<string, unknown>,
): Promise<(string | null)[] | undefined> {
  const { rows } = await client.query<(string | null)[]>({
    text: `SELECT ${columns.map(({ name }) => columnName(name)).join(', ')} FROM ${tableName(config)}
      WHERE ${key.map((name, i) => `${columnName(name)} = $${i + 1}`).join(' AND ')}`,
    values: key.map((name) => values[landedName(name)]),
    rowMode: 'array',
    types: asText as never,
  })
  return rows[0]
}

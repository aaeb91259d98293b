import type { Client } from 'pg'
import { KedgeError } from '../../../errors.ts'
import { type ChangesConfig, placeOf } from './config.ts'

/** What must be known of a table before its changes are read. */
export interface TableFacts {
  /** names the cluster: places in the log mean something only there */
  system: string
  /** columns that are published, in the table's order, with their types' numbers */
  columns: { name: string; oid: number }[]
  /** columns that name a row; empty when nothing does */
  key: string[]
  publication: string
  /** SQL condition under which the publication has a row */
  filter: string | undefined
}

interface TableRow {
  oid: string
  kind: string
  identity: 'd' | 'n' | 'f' | 'i'
}

const quoted = (name: string) => `"${name.replace(/"/g, '""')}"`
export const tableName = ({ schema, table }: ChangesConfig): string => `${quoted(schema)}.${quoted(table)}`
export const columnName = quoted

/** Looks at the server and the table, and makes the publication where none is named. Errors: `source_refused`. */
export async function tableFacts(client: Client, config: ChangesConfig, own: string): Promise<TableFacts> {
  const refuse = (what: string, todo: string): never => {
    throw new KedgeError('source_refused', { source: placeOf(config), what }, { todo })
  }
  const rowsOf = async <T extends object>(sql: string, values: unknown[] = []) =>
    (await client.query<T>(sql, values)).rows
  const [server] = await rowsOf<{ level: string; system: string }>(
    `SELECT current_setting('wal_level') AS level, (SELECT system_identifier::text FROM pg_control_system()) AS system`,
  )
  if (server!.level !== 'logical')
    refuse(
      `its wal_level is ${server!.level}, and changes are only in its log with logical`,
      'Set wal_level = logical in postgresql.conf and restart the server.',
    )
  const [table] = await rowsOf<TableRow>(
    `SELECT c.oid::text, c.relkind AS kind, c.relreplident AS identity
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [config.schema, config.table],
  )
  if (!table || !['r', 'p'].includes(table.kind))
    return refuse(`there is no table ${config.schema}.${config.table}`, 'Check the schema and the name of the table.')
  const columns = await rowsOf<{ name: string; oid: number }>(
    `SELECT attname AS name, atttypid::int AS oid FROM pg_attribute
     WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [table.oid],
  )
  const indexed = await rowsOf<{ name: string }>(
    `SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = $1 AND ${table.identity === 'i' ? 'i.indisreplident' : 'i.indisprimary'}
     ORDER BY array_position(i.indkey::int2[], a.attnum)`,
    [table.oid],
  )
  const key = table.identity === 'f' ? (config.key ?? indexed.map(({ name }) => name)) : indexed.map(({ name }) => name)
  const unknown = key.find((name) => !columns.some((column) => column.name === name))
  if (unknown !== undefined) refuse(`it has no column ${unknown}`, 'Name columns of the table as its key.')
  // publishing the changes of such a table would make its UPDATE and DELETE fail
  if (table.identity === 'n' || (table.identity !== 'f' && key.length === 0))
    refuse(
      'the table has nothing that names a row',
      'Give it a primary key, or ALTER TABLE … REPLICA IDENTITY FULL and declare key:.',
    )
  if (key.length === 0 && config.rows === 'current')
    refuse('the table has nothing that names a row', 'Declare key:, or rows: changes.')

  const publication = config.publication ?? own
  const [made] = await rowsOf('SELECT 1 FROM pg_publication WHERE pubname = $1', [publication])
  if (!made && config.publication === undefined)
    await client.query(
      `CREATE PUBLICATION ${quoted(publication)} FOR TABLE ${tableName(config)} WITH (publish_via_partition_root = true)`,
    )
  const [published] = await rowsOf<{ facts: { attnames?: string[]; rowfilter?: string | null } }>(
    'SELECT to_jsonb(p) AS facts FROM pg_publication_tables p WHERE pubname = $1 AND schemaname = $2 AND tablename = $3',
    [publication, config.schema, config.table],
  )
  if (!published)
    return refuse(
      `the publication ${publication} does not have the table`,
      `ALTER PUBLICATION ${publication} ADD TABLE …, or declare another one.`,
    )
  const names = published.facts.attnames
  return {
    system: server!.system,
    columns: names ? columns.filter(({ name }) => names.includes(name)) : columns,
    key,
    publication,
    filter: published.facts.rowfilter ?? undefined,
  }
}

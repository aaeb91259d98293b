import { CompiledQuery, type Insertable, type Kysely, sql } from 'kysely'
import type { Database } from '../../storage/sql/schema.ts'
import type { SqlStore } from '../../storage/sql/sql-store.ts'

type SpanRow = Insertable<Database['spans']>

/** in the order of the statements, with PostgreSQL's types */
const types = {
  trace: 'bigint',
  id: 'text',
  parent: 'text',
  name: 'text',
  type: 'text',
  status: 'text',
  started: 'bigint',
  ended: 'bigint',
  model: 'text',
  provider: 'text',
  input_cost: 'double precision',
  output_cost: 'double precision',
  total_cost: 'double precision',
  content: 'text',
} as const satisfies Record<keyof SpanRow, string>
const columns = Object.keys(types) as (keyof typeof types)[]
const chunk = 1000
const replace = `on conflict (trace, id) do update set ${columns
  .slice(2)
  .map((column) => `${column} = excluded.${column}`)
  .join(', ')}`
const texts = new Map<number, string>()

/** One statement for many rows, its text made once. */
function sqliteText(rows: number): string {
  let text = texts.get(rows)
  if (!text) {
    text = `insert into spans (${columns.join(', ')}) values ${Array(rows)
      .fill(`(${columns.map(() => '?').join(',')})`)
      .join(',')} ${replace}`
    if (texts.size < 64) texts.set(rows, text)
  }
  return text
}

/** Adds spans, one row an id; one that is there already is replaced by what is known now. */
export async function insertSpans(
  kind: SqlStore['kind'],
  db: Kysely<Database>,
  spans: readonly SpanRow[],
): Promise<void> {
  if (kind === 'postgres') {
    const lists = columns.map(
      (column) => sql`${spans.map((span) => span[column] ?? null)}::${sql.raw(types[column])}[]`,
    )
    await sql`insert into spans (${sql.raw(columns.join(', '))}) select * from unnest(${sql.join(lists)}) ${sql.raw(replace)}`.execute(
      db,
    )
    return
  }
  for (let i = 0; i < spans.length; i += chunk) {
    const some = spans.slice(i, i + chunk)
    await db.executeQuery(
      CompiledQuery.raw(
        sqliteText(some.length),
        some.flatMap((span) => columns.map((column) => span[column] ?? null)),
      ),
    )
  }
}

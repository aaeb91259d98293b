import { CompiledQuery, type Insertable, type Kysely, sql } from 'kysely'
import type { Database } from '../../storage/sql/schema.ts'
import type { SqlStore } from '../../storage/sql/sql-store.ts'

type SpanRow = Insertable<Database['spans']>

const columns = ['trace', 'id', 'parent', 'name', 'type', 'status', 'started', 'content'] as const
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
    text = `insert into spans (${columns.join(', ')}) values ${Array(rows).fill('(?,?,?,?,?,?,?,?)').join(',')} ${replace}`
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
    const column = (name: keyof SpanRow) => spans.map((span) => span[name])
    await sql`insert into spans (trace, id, parent, name, type, status, started, content)
      select * from unnest(${column('trace')}::bigint[], ${column('id')}::text[], ${column('parent')}::text[], ${column('name')}::text[], ${column('type')}::text[], ${column('status')}::text[], ${column('started')}::bigint[], ${column('content')}::text[])
      ${sql.raw(replace)}`.execute(db)
    return
  }
  for (let i = 0; i < spans.length; i += chunk) {
    const some = spans.slice(i, i + chunk)
    await db.executeQuery(
      CompiledQuery.raw(
        sqliteText(some.length),
        some.flatMap((span) => columns.map((column) => span[column])),
      ),
    )
  }
}

import type pg from 'pg'

interface Queryable {
  query(config: { name: string; text: string; values: unknown[] }): Promise<pg.QueryResult>
}

/** Runs statements that each connection prepares once, under a name of their own. `?` stands for each parameter. */
export function createPreparedQuery() {
  const known = new Map<string, { name: string; text: string }>()
  return async <Row>(on: Queryable, text: string, parameters: readonly unknown[]): Promise<Row[]> => {
    let statement = known.get(text)
    if (!statement) {
      let count = 0
      statement = { name: `kedge_${known.size}`, text: text.replace(/\?/g, () => `$${++count}`) }
      known.set(text, statement)
    }
    const { rows } = await on.query({ ...statement, values: parameters as unknown[] })
    return rows as Row[]
  }
}

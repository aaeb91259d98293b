import { z } from 'zod'
import { defineDiscovery, defineSource } from '../../contracts/source.ts'
import { incrementalSettings, incrementalTable } from './incremental.ts'

const config = z
  .strictObject({
    kind: z.literal('sqlite'),
    path: z.string().min(1).meta({ description: 'database file on the server' }),
    table: z.string().min(1).max(200),
    ...incrementalSettings,
  })
  .meta({ id: 'SqliteSource' })

const sql = 'sqlite({path:String}, {table:String})'

export default defineSource({
  kind: 'sqlite',
  title: 'A table or view of a SQLite database on the server',
  config,
  discover: defineDiscovery(config.pick({ path: true }).strip(), async ({ path }, environment, limit) => {
    const file = await environment.localFile({ path })
    const found = await environment.query<{ name: string; type: string }>(
      `SELECT name, type FROM ${sql} WHERE type IN ('table', 'view') AND NOT startsWith(name, 'sqlite_') ORDER BY name LIMIT {limit:UInt32}`,
      { path: file.path, table: 'sqlite_master', limit },
    )
    return found.map(({ name, type }) => ({ what: type, title: name, set: { table: name } }))
  }),
  async open({ kind: _, path, table, ...growth }, environment) {
    const file = await environment.localFile({ path })
    const params = { path: file.path, table }
    return { sql, params, columns: await environment.describe(sql, params), ...incrementalTable(growth) }
  },
})

import { z } from 'zod'
import { defineDiscovery, defineSource, secretReference } from '../../contracts/source.ts'
import { engineLogin } from './engine-login.ts'
import { incrementalSettings, incrementalTable } from './incremental.ts'

const config = z
  .strictObject({
    kind: z.literal('postgres'),
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65535).default(5432),
    database: z.string().min(1),
    schema: z.string().min(1).default('public'),
    table: z.string().min(1).max(200),
    user: z.string().min(1),
    password: secretReference.optional(),
    ...incrementalSettings,
  })
  .meta({ id: 'PostgresSource' })

const sql =
  'postgresql({address:String}, {database:String}, {table:String}, {user:String}, {password:String}, {schema:String})'

export default defineSource({
  kind: 'postgres',
  title: 'A table or view of a PostgreSQL database',
  config,
  discover: defineDiscovery(
    config.pick({ host: true, port: true, database: true, user: true, password: true }).strip(),
    async ({ database, ...login }, environment, limit) => {
      const found = await environment.query<{ schema: string; name: string; type: string }>(
        `SELECT toString(table_schema) AS schema, toString(table_name) AS name, toString(table_type) AS type FROM ${sql}
         WHERE schema NOT IN ('pg_catalog', 'information_schema') ORDER BY schema, name LIMIT {limit:UInt32}`,
        {
          ...(await engineLogin(login, environment)),
          database,
          table: 'tables',
          schema: 'information_schema',
          limit,
        },
      )
      return found.map(({ schema, name, type }) => ({
        what: /view/i.test(type) ? 'view' : 'table',
        title: schema === 'public' ? name : `${schema}.${name}`,
        set: { schema, table: name },
      }))
    },
  ),
  async open({ kind: _, host, port, database, schema, table, user, password, ...growth }, environment) {
    const params = { ...(await engineLogin({ host, port, user, password }, environment)), database, schema, table }
    return { sql, params, columns: await environment.describe(sql, params), ...incrementalTable(growth) }
  },
})

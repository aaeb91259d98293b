import { z } from 'zod'
import { defineSource, secretReference } from '../../contracts/source.ts'
import { engineAddress } from './engine-address.ts'

export default defineSource({
  kind: 'postgres',
  title: 'A table or view of a PostgreSQL database',
  config: z
    .strictObject({
      kind: z.literal('postgres'),
      host: z.string().min(1).max(253),
      port: z.number().int().min(1).max(65535).default(5432),
      database: z.string().min(1),
      schema: z.string().min(1).default('public'),
      table: z.string().min(1).max(200),
      user: z.string().min(1),
      password: secretReference.optional(),
      incremental: z.string().optional().meta({
        description:
          'column that only grows, such as an id or a time of insertion; for datasets with mode: incremental; rows without a value in it are not read',
      }),
    })
    .meta({ id: 'PostgresSource' }),
  async open({ host, port, database, schema, table, user, password, incremental }, environment) {
    const sql =
      'postgresql({address:String}, {database:String}, {table:String}, {user:String}, {password:String}, {schema:String})'
    const params = {
      address: engineAddress(await environment.checkedHost(host), port),
      database,
      table,
      user,
      password: password ? await environment.secret(password) : '',
      schema,
    }
    return { sql, params, columns: await environment.describe(sql, params), ...(incremental ? { incremental } : {}) }
  },
})

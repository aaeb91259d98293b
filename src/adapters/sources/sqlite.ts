import { z } from 'zod'
import { defineSource } from '../../contracts/source.ts'

export default defineSource({
  kind: 'sqlite',
  title: 'A table or view of a SQLite database on the server',
  config: z
    .strictObject({
      kind: z.literal('sqlite'),
      path: z.string().min(1).meta({ description: 'database file on the server' }),
      table: z.string().min(1).max(200),
      incremental: z.string().optional().meta({
        description:
          'column that only grows, such as an id; for datasets with mode: incremental; rows without a value in it are not read',
      }),
    })
    .meta({ id: 'SqliteSource' }),
  async open({ path, table, incremental }, environment) {
    const file = await environment.localFile({ path })
    const sql = 'sqlite({path:String}, {table:String})'
    const params = { path: file.path, table }
    return { sql, params, columns: await environment.describe(sql, params), ...(incremental ? { incremental } : {}) }
  },
})

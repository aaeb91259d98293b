import { z } from 'zod'
import { defineSource, fileLocation, oneLocation, oneLocationMessage } from '../../contracts/source.ts'

export default defineSource({
  kind: 'parquet',
  title: 'A Parquet file on the server or behind an address',
  config: z
    .strictObject({ kind: z.literal('parquet'), ...fileLocation })
    .refine(oneLocation, oneLocationMessage)
    .meta({ id: 'ParquetSource' }),
  async open({ path, url }, environment) {
    const file = await environment.localFile({ path, url })
    const sql = 'file({path:String}, Parquet)'
    const params = { path: file.path }
    return {
      sql,
      params,
      columns: await environment.describe(sql, params),
      rowNumber: 's._row_number',
      state: file.digest,
      stable: true,
    }
  },
})

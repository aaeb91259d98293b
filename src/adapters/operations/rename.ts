import { z } from 'zod'
import { defineOperation } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'rename',
  rowByRow: true,
  title: 'Give columns another name',
  config: z.record(z.string(), z.string().min(1).max(200)).meta({ description: 'old name: new name' }),
  compile(config, relation) {
    for (const name of Object.keys(config)) relation.column(name)
    return {
      columns: relation.columns.map(({ name, type }) => ({
        name: Object.hasOwn(config, name) ? config[name]! : name,
        type,
        sql: relation.column(name).sql,
      })),
    }
  },
})

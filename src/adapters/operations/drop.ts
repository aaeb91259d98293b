import { z } from 'zod'
import { defineOperation } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'drop',
  rowByRow: true,
  title: 'Leave these columns out',
  config: z.array(z.string()).min(1),
  compile(names, relation) {
    for (const name of names) relation.column(name)
    return {
      columns: relation.columns.filter(({ name }) => !names.includes(name)).map(({ name }) => relation.column(name)),
    }
  },
})

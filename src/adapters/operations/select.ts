import { z } from 'zod'
import { defineOperation } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'select',
  rowByRow: true,
  title: 'Keep only these columns, in this order',
  config: z.array(z.string()).min(1),
  compile: (names, relation) => ({ columns: names.map((name) => relation.column(name)) }),
})

import { z } from 'zod'
import { defineOperation, type Expression } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'derive',
  rowByRow: true,
  title: 'Add columns computed from others; a name that exists is replaced',
  config: z
    .record(z.string().min(1).max(200), z.string().min(1))
    .meta({ description: 'column: expression, for example hour: hour(date); later ones may use earlier ones' }),
  expressions: (config) => Object.entries(config).map(([name, text]) => ({ path: [name], text })),
  compile(config, relation) {
    const derived = new Map<string, Expression>()
    for (const [name, text] of Object.entries(config)) derived.set(name, relation.expression(text, derived))
    const kept = relation.columns.filter(({ name }) => !derived.has(name)).map(({ name }) => relation.column(name))
    return { columns: [...kept, ...[...derived].map(([name, expression]) => ({ name, ...expression }))] }
  },
})

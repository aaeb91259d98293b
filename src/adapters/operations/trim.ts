import { z } from 'zod'
import { allColumns, defineOperation } from '../../contracts/curation.ts'

const names = z.array(z.string()).min(1)

export default defineOperation({
  kind: 'trim',
  rowByRow: true,
  title: 'Take blanks (also no-break spaces) away from both ends of texts',
  config: z.union([
    z.literal('all').meta({ description: 'every text column' }),
    names,
    z.strictObject({
      columns: z.union([z.literal('all'), names]).default('all'),
      inner: z.boolean().default(false).meta({ description: 'several blanks inside become one' }),
      empty: z.enum(['keep', 'missing']).default('keep').meta({ description: 'what is empty then is missing' }),
    }),
  ]),
  compile(config, relation) {
    const given = typeof config === 'object' && !Array.isArray(config) ? config : { columns: config }
    const {
      columns,
      inner = false,
      empty = 'keep',
    } = given as { columns: 'all' | string[]; inner?: boolean; empty?: string }
    const wanted = columns === 'all' ? undefined : columns.map((name) => relation.column(name))
    for (const { name, type } of wanted ?? [])
      if (type !== 'text') relation.fail(`${name} is ${type}, not a text`, name)
    return {
      columns: allColumns(relation).map((column) => {
        if (column.type !== 'text' || (wanted && !wanted.some(({ name }) => name === column.name))) return column
        const ends = `replaceRegexpAll(${column.sql}, '^[\\\\s\\\\x{00A0}\\\\x{FEFF}]+|[\\\\s\\\\x{00A0}\\\\x{FEFF}]+$', '')`
        const one = inner ? `replaceRegexpAll(${ends}, '[\\\\s\\\\x{00A0}]+', ' ')` : ends
        return { ...column, sql: empty === 'missing' ? `nullIf(${one}, '')` : one }
      }),
    }
  },
})

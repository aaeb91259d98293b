import { z } from 'zod'
import { allColumns, defineOperation, positionBits } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'union',
  title: "Add the rows of another dataset's newest published version; its columns are matched by name",
  config: z.union([
    z.string().min(1).meta({ description: 'name of the dataset' }),
    z.strictObject({
      with: z.string().min(1),
      missing: z
        .enum(['refuse', 'missing'])
        .default('refuse')
        .meta({ description: 'what happens when the other lacks a column' }),
    }),
  ]),
  datasets: (config) => [typeof config === 'string' ? config : config.with],
  compile(config, relation) {
    const { with: name, missing } = typeof config === 'string' ? { with: config, missing: 'refuse' } : config
    const other = relation.other(name)
    const theirs = relation.columns.map((column) => {
      const found = other.columns.find((one) => one.name === column.name)
      const own = relation.column(column.name).sql.replace(/^p\./, '')
      if (!found) {
        if (missing === 'refuse') relation.fail(`the dataset ${name} has no column ${column.name}`, name)
        return `NULL AS ${own}`
      }
      if (found.type !== column.type)
        relation.fail(`${column.name} is ${column.type}, but ${found.type} in ${name}`, column.name)
      return `o.${own} AS ${own}`
    })
    const own = relation.columns.map((column) => relation.column(column.name).sql)
    const position = `toUInt64(bitShiftLeft(toUInt64(o.__position), ${positionBits.place}) + bitShiftLeft(toUInt64(${relation.step}), ${positionBits.step}))`
    return {
      columns: allColumns(relation),
      adds: other,
      from: `(SELECT ${[...own, 'p.__row AS __row', 'p.__verdict AS __verdict', 'p.__value AS __value'].join(', ')} FROM ${relation.rows} AS p UNION ALL SELECT ${[...theirs, `${position} AS __row`, 'toUInt16(0) AS __verdict', "CAST(NULL, 'Nullable(String)') AS __value"].join(', ')} FROM ${other.sql} AS o) AS p`,
    }
  },
})

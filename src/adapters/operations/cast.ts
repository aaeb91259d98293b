import { z } from 'zod'
import { columnTypes } from '../../contracts/column.ts'
import { defineOperation } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'cast',
  rowByRow: true,
  title: 'Give columns another type; rows whose value does not fit are quarantined',
  config: z
    .record(z.string(), z.enum(columnTypes))
    .meta({ description: 'column: type (int, float, text, bool, time or date)' }),
  compile(config, relation) {
    const changes = Object.entries(config).map(([name, type]) => ({ ...relation.column(name), to: type }))
    return {
      columns: relation.columns.map((column) => {
        const type = Object.hasOwn(config, column.name) ? config[column.name]! : column.type
        const { sql } = relation.column(column.name)
        return { name: column.name, type, sql: relation.convert(sql, column.type, type) }
      }),
      verdicts: changes
        .filter((change) => change.type !== change.to)
        .map((change) => ({
          when: `${change.sql} IS NOT NULL AND ${relation.convert(change.sql, change.type, change.to)} IS NULL`,
          action: 'quarantine',
          reason: `${change.name} is not ${change.to === 'int' ? 'an int' : `a ${change.to}`}`,
          value: change.sql,
        })),
    }
  },
})

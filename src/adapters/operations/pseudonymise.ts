import { z } from 'zod'
import { allColumns, defineOperation } from '../../contracts/curation.ts'
import { secretReference } from '../../contracts/source.ts'

export default defineOperation({
  kind: 'pseudonymise',
  rowByRow: true,
  title:
    'Replace values by keyed hashes (HMAC-SHA-256): the same person has the same pseudonym, and only who has the key can tell which',
  config: z.strictObject({
    columns: z.array(z.string()).min(1),
    key: secretReference,
    length: z.number().int().min(16).max(64).default(32).meta({ description: 'hexadecimal digits that are kept' }),
  }),
  secrets: ({ key }) => ({ key }),
  compile({ columns, length }, relation) {
    for (const name of columns) relation.column(name)
    return {
      columns: allColumns(relation).map((column) =>
        columns.includes(column.name)
          ? {
              name: column.name,
              type: 'text' as const,
              sql: `if(${column.sql} IS NULL, NULL, left(lower(hex(HMAC('sha256', assumeNotNull(toString(${column.sql})), ${relation.secret('key')}))), ${length}))`,
            }
          : column,
      ),
    }
  },
})

import { z } from 'zod'
import { secretReference } from '../../../contracts/source.ts'
import { streamSettings, tlsSettings } from '../../../contracts/stream-source.ts'

// rows come decoded, and a change is known by its place in the log
const { columns, land, versions, buffer } = streamSettings(z.never())
const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, 'has small letters, digits and _; at most 63 of them')

export const changesConfig = z
  .strictObject({
    kind: z.literal('postgres-changes'),
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65535).default(5432),
    database: z.string().min(1),
    schema: z.string().min(1).default('public'),
    table: z.string().min(1).max(200),
    user: z.string().min(1).meta({ description: 'has the attribute REPLICATION and may read the table' }),
    password: secretReference.optional(),
    tls: tlsSettings.optional(),
    key: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({ description: 'columns that name a row, for a table with REPLICA IDENTITY FULL; else its primary key' }),
    rows: z.enum(['current', 'changes']).default('current').meta({
      description: 'what datasets read: the rows that are in the table now, or every change that it saw',
    }),
    publication: name.optional().meta({ description: 'one that there is; when absent Kedge makes one for the table' }),
    slot: name.optional().meta({ description: 'name of the replication slot; one of its own when absent' }),
    snapshot: z
      .number()
      .int()
      .min(1)
      .default(1)
      .meta({ description: 'raise it to read the whole table again, after changes were lost' }),
    columns,
    land,
    versions,
    buffer,
  })
  .meta({ id: 'PostgresChangesSource' })
export type ChangesConfig = z.infer<typeof changesConfig>

export const placeOf = ({ host, port, database, schema, table }: ChangesConfig): string =>
  `${host}:${port}/${database}/${schema}.${table}`

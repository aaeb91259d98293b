import { z } from 'zod'
import { defineDiscovery, defineSource, type SourceEnvironment, secretReference } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { engineLogin } from './engine-login.ts'
import { incrementalSettings, incrementalTable } from './incremental.ts'
import { quotedName, quotedText } from './sql-name.ts'

const sql = 'mysql({address:String}, {database:String}, {table:String}, {user:String}, {password:String})'

const config = z
  .strictObject({
    kind: z.literal('mysql'),
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65535).default(3306),
    database: z.string().min(1),
    table: z.string().min(1).max(64),
    user: z.string().min(1),
    password: secretReference.optional(),
    timeZone: z
      .string()
      .regex(/^[A-Za-z]+(\/[\w+-]+)*$/)
      .optional()
      .meta({
        description:
          'of the server, such as Europe/Berlin, for columns of type TIMESTAMP; asked of the server when absent. DATETIME columns have none and are taken as UTC',
      }),
    ...incrementalSettings,
  })
  .meta({ id: 'MysqlSource' })

// The engine reads FLOAT and DOUBLE to within the last of 16 digits (seen with 26.7: 1e-7 becomes 1.0000000000000002e-7).
export default defineSource({
  kind: 'mysql',
  title: 'A table or view of a MySQL or MariaDB database',
  config,
  discover: defineDiscovery(
    config.pick({ host: true, port: true, database: true, user: true, password: true }).strip(),
    async ({ database, ...login }, environment, limit) => {
      const found = await environment.query<{ name: string; type: string }>(
        `SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM ${sql} WHERE TABLE_SCHEMA = {of_database:String} ORDER BY name LIMIT {limit:UInt32}`,
        {
          ...(await engineLogin(login, environment)),
          database: 'information_schema',
          table: 'TABLES',
          of_database: database,
          limit,
        },
      )
      return found.map(({ name, type }) => ({
        what: /view/i.test(type) ? 'view' : 'table',
        title: name,
        set: { table: name },
      }))
    },
  ),
  async open({ kind: _, host, port, database, table, user, password, timeZone, ...growth }, environment) {
    const params = { ...(await engineLogin({ host, port, user, password }, environment)), database, table }
    const found = await environment.describe(sql, params)
    const dates = found.filter(({ type }) => type.includes('Date32')).map(({ name }) => name)
    const stamps = found.some(({ type }) => type.includes('DateTime')) ? await stampColumns(environment, params) : []
    const zone = stamps.length === 0 ? 'UTC' : (timeZone ?? (await serverZone(environment, params)))
    const moved = zone === 'UTC' ? [] : stamps
    const instant = (name: string) =>
      `toTimeZone(toDateTime64(toString(${quotedName(name)}), 6, ${quotedText(zone)}), 'UTC') AS ${quotedName(name)}`
    return {
      // only without the wrapping does the engine send conditions to the server
      sql: moved.length === 0 ? sql : `(SELECT * REPLACE (${moved.map(instant).join(', ')}) FROM ${sql})`,
      params,
      // as text, because the engine's dates end in 2299 and it makes a day of 0000-00-00
      settings: { mysql_datatypes_support_level: 'decimal,datetime64,date2String' },
      columns: found.map(({ name, type }) => ({
        name,
        type: dates.includes(name)
          ? type.replace('Date32', 'String')
          : moved.includes(name)
            ? type.replace(/DateTime(64\(\d\))?/, "DateTime64(6, 'UTC')")
            : type,
      })),
      types: dates.map((name) => ({ name, type: 'date' as const })),
      ...incrementalTable(growth),
    }
  },
})

type Connection = Record<'address' | 'database' | 'table' | 'user' | 'password', string>

/** The table's columns of type TIMESTAMP: they are instants, which the server shows in its own time zone. */
async function stampColumns({ query }: SourceEnvironment, connection: Connection): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `SELECT COLUMN_NAME AS name FROM ${sql} WHERE TABLE_SCHEMA = {of_database:String} AND TABLE_NAME = {of_table:String} AND DATA_TYPE = 'timestamp'`,
    {
      ...connection,
      database: 'information_schema',
      table: 'COLUMNS',
      of_database: connection.database,
      of_table: connection.table,
    },
  )
  return rows.map(({ name }) => name)
}

/** The server's time zone by a name that the engine knows. Errors: `source_refused` when the server's name says too little. */
async function serverZone({ query }: SourceEnvironment, connection: Connection): Promise<string> {
  const variables = (database: string, table: string) =>
    query<{ name: string; value: string }>(
      `SELECT lower(VARIABLE_NAME) AS name, VARIABLE_VALUE AS value FROM ${sql} WHERE lower(VARIABLE_NAME) IN ('time_zone', 'system_time_zone')`,
      { ...connection, database, table },
    )
  // MariaDB has them there, MySQL here
  const rows = await variables('information_schema', 'GLOBAL_VARIABLES').catch(() =>
    variables('performance_schema', 'global_variables'),
  )
  const variable = (wanted: string) => rows.find(({ name }) => name === wanted)?.value ?? ''
  const zone = variable('time_zone') === 'SYSTEM' ? variable('system_time_zone') : variable('time_zone')
  if (/^(UTC|GMT|[+-]00:00)$/.test(zone)) return 'UTC'
  if (/^[+-]\d\d:\d\d$/.test(zone)) return `Fixed/UTC${zone}:00`
  if (zone.includes('/')) return zone
  throw new KedgeError(
    'source_refused',
    {
      source: connection.table,
      what: `its time zone ${zone || 'is not told'} does not say when its TIMESTAMP values were`,
    },
    { todo: 'Declare timeZone, such as Europe/Berlin.' },
  )
}

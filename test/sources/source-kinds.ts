import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import BetterSqlite from 'better-sqlite3'
import pg from 'pg'
import type { OpenedData } from '../data/open-data.ts'
import { asRecords, knownConfig } from '../mainframe/known-records.ts'
import { kedgeUser, mariadbObstacle, startMariadb } from '../servers/mariadb.ts'
import { knowsUsers, mongodbObstacle, startMongodb } from '../servers/mongodb.ts'
import { startPostgres } from '../servers/postgres.ts'
import { redisObstacle, startRedis } from '../servers/redis.ts'
import { fileKinds } from './file-kinds.ts'
import { asCsv, asJsonLines, type KnownRow, knownRows } from './known-rows.ts'

export interface SourceUnderTest {
  /** as in kedge.yaml */
  config: Record<string, unknown>
  /** casts that bring its columns to the known schema */
  cast?: Record<string, string>
  /** columns besides the known ones, which the kind adds */
  extra?: string[]
  /** floats come to within the last of 16 digits only */
  rounds?: boolean
  /** adds rows; absent where the source is a file that is replaced */
  append?(rows: readonly KnownRow[]): Promise<void>
  close?(): Promise<void>
}

const added = (row: KnownRow) => [row.id, row.name, row.amount, row.day, row.at]

/** The formats that the engine writes, by the kind of source that reads them. */
export const columnarFormats = { parquet: 'Parquet', avro: 'Avro', orc: 'ORC', arrow: 'Arrow' } as const

/** Writes known rows as a file of a format that brings its own schema. */
export async function writeColumnar(data: OpenedData, file: string, rows: readonly KnownRow[], format: string) {
  const json = join(data.folder, `for-${format}.jsonl`)
  writeFileSync(json, asJsonLines(rows))
  await data.environment.events.command(
    `INSERT INTO FUNCTION file('${file}', ${format}) SELECT id, name, amount, toDate32(day) AS day, parseDateTime64BestEffort(at, 6, 'UTC') AS at
     FROM file('${json}', JSONEachRow, 'id Int64, name Nullable(String), amount Nullable(Float64), day Nullable(String), at String')`,
    undefined,
    { settings: { engine_file_truncate_on_insert: 1 } },
  )
}

/** Serves files from memory; knows ETags. */
export async function serveFiles(
  files: Record<string, { body: Buffer; etag?: string; headers?: Record<string, string>; status?: number }>,
) {
  const requests: { url: string; status: number }[] = []
  const server = createServer((request, response) => {
    const found = files[request.url!.split('?')[0]!]
    const status = !found
      ? 404
      : (found.status ?? (found.etag && request.headers['if-none-match'] === found.etag ? 304 : 200))
    requests.push({ url: request.url!, status })
    response.writeHead(status, { ...(found?.etag ? { etag: found.etag } : {}), ...found?.headers })
    response.end(status === 304 ? undefined : found?.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Every kind of source with the known rows in it, on the real thing. */
export const sourceKinds: {
  kind: string
  obstacle?: string | undefined
  open(data: OpenedData): Promise<SourceUnderTest>
}[] = [
  ...Object.entries(columnarFormats).flatMap(([kind, format]) => [
    {
      kind: `${kind} by path`,
      async open(data: OpenedData) {
        const path = join(data.folder, `known.${kind}`)
        await writeColumnar(data, path, knownRows, format)
        return { config: { kind, path } }
      },
    },
    {
      kind: `${kind} by http`,
      async open(data: OpenedData) {
        const path = join(data.folder, `served.${kind}`)
        await writeColumnar(data, path, knownRows, format)
        const server = await serveFiles({ [`/known.${kind}`]: { body: readFileSync(path), etag: '"1"' } })
        return { config: { kind, url: `${server.url}/known.${kind}` }, close: server.close }
      },
    },
  ]),
  {
    kind: 'arrow stream by path',
    async open(data) {
      const path = join(data.folder, 'known.arrows')
      await writeColumnar(data, path, knownRows, 'ArrowStream')
      return { config: { kind: 'arrow', path } }
    },
  },
  {
    kind: 'csv by path',
    async open(data) {
      const path = join(data.folder, 'known.csv')
      writeFileSync(path, asCsv(knownRows))
      return { config: { kind: 'csv', path } }
    },
  },
  {
    kind: 'csv with semicolons, compressed, by http',
    async open() {
      const server = await serveFiles({ '/known.csv.gz': { body: gzipSync(asCsv(knownRows, ';')) } })
      return { config: { kind: 'csv', url: `${server.url}/known.csv.gz?token=1`, delimiter: ';' }, close: server.close }
    },
  },
  {
    kind: 'jsonl by path',
    async open(data) {
      const path = join(data.folder, 'known.jsonl')
      writeFileSync(path, asJsonLines(knownRows))
      return { config: { kind: 'jsonl', path } }
    },
  },
  {
    kind: 'copybook by path',
    async open(data) {
      const path = join(data.folder, 'known.ebcdic')
      writeFileSync(path, asRecords(knownRows))
      return { config: { ...knownConfig, path } }
    },
  },
  {
    kind: 'copybook by http',
    async open() {
      const server = await serveFiles({ '/known.ebcdic': { body: asRecords(knownRows) } })
      return { config: { ...knownConfig, url: `${server.url}/known.ebcdic` }, close: server.close }
    },
  },
  ...fileKinds,
  {
    kind: 'sqlite',
    async open(data) {
      const path = join(data.folder, 'known.sqlite')
      const database = new BetterSqlite(path)
      database.pragma('journal_mode = WAL')
      database.exec('CREATE TABLE known (id INTEGER PRIMARY KEY, name TEXT, amount REAL, day TEXT, at TEXT NOT NULL)')
      const append = async (rows: readonly KnownRow[]) => {
        for (const row of rows) database.prepare('INSERT INTO known VALUES (?, ?, ?, ?, ?)').run(...added(row))
      }
      await append(knownRows)
      return {
        config: { kind: 'sqlite', path, table: 'known', incremental: 'id' },
        cast: { day: 'date', at: 'time' },
        append,
        close: async () => void database.close(),
      }
    },
  },
  {
    kind: 'mysql',
    obstacle: mariadbObstacle,
    async open() {
      const server = await startMariadb()
      await server.sql(
        `CREATE DATABASE warehouse; ${kedgeUser}
        CREATE TABLE warehouse.known (id bigint PRIMARY KEY, name text, amount double, day date, at datetime(3) NOT NULL);`,
      )
      const value = (of: unknown) =>
        of === null ? 'NULL' : typeof of === 'number' ? of : `'${String(of).replace(/[\\']/g, '\\$&')}'`
      const append = async (rows: readonly KnownRow[]) => {
        const tuples = rows.map(
          (row) =>
            `(${added({ ...row, at: row.at.replace('Z', '') })
              .map(value)
              .join(', ')})`,
        )
        await server.sql(`INSERT INTO warehouse.known VALUES ${tuples.join(', ')};`)
      }
      await append(knownRows)
      return {
        config: {
          kind: 'mysql',
          host: 'localhost',
          port: server.port,
          database: 'warehouse',
          table: 'known',
          user: 'kedge',
          password: { secret: 'warehouse' },
          incremental: 'id',
        },
        rounds: true,
        append,
        close: server.stop,
      }
    },
  },
  {
    kind: 'mongodb',
    obstacle: await mongodbObstacle(),
    async open() {
      const server = await startMongodb()
      const collection = server.client.db('warehouse').collection('known')
      const append = async (rows: readonly KnownRow[]) => {
        await collection.insertMany(rows.map((row) => ({ ...row, at: new Date(row.at) })))
      }
      await append(knownRows)
      return {
        config: {
          kind: 'mongodb',
          host: 'localhost',
          port: server.port,
          database: 'warehouse',
          collection: 'known',
          ...(knowsUsers ? { user: 'kedge', password: { secret: 'warehouse' } } : {}),
          incremental: 'id',
        },
        cast: { day: 'date' },
        extra: ['_id', '_other'],
        append,
        close: server.stop,
      }
    },
  },
  {
    kind: 'redis',
    obstacle: redisObstacle,
    async open() {
      const server = await startRedis()
      const append = async (rows: readonly KnownRow[]) => {
        for (const row of rows) {
          const fields = Object.entries(row).flatMap(([name, value]) => (value === null ? [] : [name, String(value)]))
          await server.client.hSet(`known:${String(row.id).padStart(4, '0')}`, fields)
        }
      }
      await append(knownRows)
      return {
        config: {
          kind: 'redis',
          host: 'localhost',
          port: server.port,
          password: { secret: 'warehouse' },
          keys: 'known:*',
          incremental: 'id',
        },
        extra: ['_key', '_other'],
        append,
        close: server.stop,
      }
    },
  },
  {
    kind: 'postgres',
    async open() {
      const server = await startPostgres()
      const client = new pg.Client({ connectionString: server.url() })
      await client.connect()
      await client.query(
        'CREATE SCHEMA warehouse; CREATE TABLE warehouse.known (id bigint PRIMARY KEY, name text, amount double precision, day date, at timestamptz NOT NULL)',
      )
      const append = async (rows: readonly KnownRow[]) => {
        for (const row of rows)
          await client.query('INSERT INTO warehouse.known VALUES ($1, $2, $3, $4, $5)', added(row))
      }
      await append(knownRows)
      return {
        config: {
          kind: 'postgres',
          host: 'localhost',
          port: server.port,
          database: 'postgres',
          schema: 'warehouse',
          table: 'known',
          user: 'kedge',
          password: { secret: 'warehouse' },
          incremental: 'id',
        },
        append,
        async close() {
          await client.end()
          await server.stop()
        },
      }
    },
  },
]

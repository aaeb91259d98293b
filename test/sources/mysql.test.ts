import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { by, type OpenedData, openData, project } from '../data/open-data.ts'
import { kedgeUser, type MariadbServer, mariadbObstacle, startMariadb } from '../servers/mariadb.ts'
import { failure } from './failure.ts'

describe.skipIf(mariadbObstacle)('a real MariaDB', () => {
  let data: OpenedData
  let server: MariadbServer
  let log: string
  let source: Record<string, unknown>
  beforeAll(async () => {
    data = await openData()
    log = join(data.folder, 'statements.log')
    server = await startMariadb({
      'default-time-zone': '+02:00',
      'sql-mode': '',
      'general-log': '1',
      'general-log-file': log,
    })
    await server.sql(`CREATE DATABASE warehouse; ${kedgeUser}
      CREATE TABLE warehouse.wide (id bigint unsigned PRIMARY KEY, day date, stamp timestamp(6) NULL, wall datetime NULL, price decimal(12,2), kind enum('a','b'), doc json);
      INSERT INTO warehouse.wide VALUES (1, '1960-02-29', '2001-01-01 10:00:00.123456', '1850-01-01 00:00:00', 12.34, 'b', '{"a":1}'), (2, '9999-12-31', NULL, NULL, NULL, NULL, NULL), (3, '0000-00-00', NULL, NULL, NULL, NULL, NULL);
      CREATE TABLE warehouse.long_table (id bigint PRIMARY KEY, text varchar(400)); USE warehouse;
      INSERT INTO warehouse.long_table SELECT seq, repeat('y', 400) FROM seq_1_to_500000;`)
    source = {
      kind: 'mysql',
      host: 'localhost',
      port: server.port,
      database: 'warehouse',
      table: 'wide',
      user: 'kedge',
      password: { secret: 'warehouse' },
    }
  })
  afterAll(async () => {
    await data?.close()
    await server?.stop()
  })
  const statements = (table: string) =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes(`FROM \`warehouse\`.\`${table}\``))

  test('gives instants of TIMESTAMP columns whatever the time zone of the server, and days that are none to the quarantine', async () => {
    const version = await data.make(source)
    expect(version.schema).toEqual([
      { name: 'id', type: 'int' },
      { name: 'day', type: 'date' },
      { name: 'stamp', type: 'time' },
      { name: 'wall', type: 'time' },
      { name: 'price', type: 'float' },
      { name: 'kind', type: 'text' },
      { name: 'doc', type: 'text' },
    ])
    const { rows } = await data.datasets.rows(project, 'rows', version.version)
    expect(rows[0]).toEqual([
      1,
      Date.UTC(1960, 1, 29),
      Date.UTC(2001, 0, 1, 8, 0, 0, 123),
      Date.UTC(1850, 0, 1),
      12.34,
      'b',
      '{"a":1}',
    ])
    const refused = await data.datasets.quarantine(project, 'rows', version.version)
    expect(refused.rows.map((row) => row.slice(-2))).toEqual([
      ['day is not a date', '9999-12-31'],
      ['day is not a date', '0000-00-00'],
    ])
  })

  test('sends the columns and the condition of an incremental pull to the server', async () => {
    const long = { ...source, table: 'long_table', incremental: 'id' }
    const spec = { mode: 'incremental' }
    expect((await data.make(long, spec)).counts.kept).toBe(500_000)
    await server.sql("INSERT INTO warehouse.long_table VALUES (500001, 'new')")
    expect((await data.make(long, spec)).counts.kept).toBe(500_001)
    expect(statements('long_table').at(-1)).toContain(
      'SELECT `id`, `text` FROM `warehouse`.`long_table` WHERE `id` >= 500000',
    )
    // nothing is new: the last rows are read again, since others may have the same value, and known
    expect((await data.make(long, spec)).counts.kept).toBe(500_001)
  })

  test('unknown tables, users, names that are SQL: refused; the secret is in no error and nothing runs', async () => {
    const table = await failure(data.make({ ...source, table: 'absent' }))
    expect(table).toMatchObject({ code: 'source_refused', message: expect.stringContaining('absent') })
    const user = await failure(data.make({ ...source, user: 'stranger' }))
    expect(user).toMatchObject({ code: 'source_refused', message: expect.stringContaining('stranger') })
    const database = await failure(data.make({ ...source, database: 'mysql' }))
    expect(database.code).toBe('source_refused')
    const sql = await failure(data.make({ ...source, table: 'wide`; DROP TABLE wide; -- ' }))
    expect(sql.code).toBe('source_refused')
    expect(JSON.stringify([table, user, database, sql])).not.toMatch(/secret'|"secret"|mysqlxx|nullptr/)
    expect(JSON.stringify(await data.sources.list(project))).not.toContain('"secret":"secret"')
    expect((await server.sql('SELECT count(*) FROM warehouse.wide')).trim()).toBe('3')
  })

  test('a column that is gone is refused', async () => {
    await server.sql('CREATE TABLE warehouse.changing (a int, b int); INSERT INTO warehouse.changing VALUES (1, 2);')
    const changing = { ...source, table: 'changing' }
    await data.make(changing)
    await server.sql('ALTER TABLE warehouse.changing DROP COLUMN b')
    expect(await failure(data.make(changing))).toMatchObject({
      code: 'source_schema_changed',
      message: expect.stringContaining('b is gone'),
    })
  })

  test('a server that dies in the middle of a pull: unreachable, nothing kept; the next pull is whole', async () => {
    const long = { ...source, table: 'long_table' }
    await data.sources.put(by, project, 'input', long)
    await data.datasets.put(by, project, 'rows', { from: 'input' })
    const before = statements('long_table').length
    const pull = failure(data.datasets.materialiseNow(by, { project, dataset: 'rows' }))
    await expect.poll(() => statements('long_table').length, { interval: 1, timeout: 20_000 }).toBeGreaterThan(before)
    await server.kill()
    expect(await pull).toMatchObject({ code: 'source_unreachable' })
    expect(await failure(data.make(long))).toMatchObject({ code: 'source_unreachable' })
    await server.start()
    expect((await data.make(long)).counts.kept).toBe(500_001)
  })
})

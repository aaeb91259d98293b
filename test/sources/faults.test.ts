// Over 300 lines: every way in which an input can be broken, on one opened store of data.
import { readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { by, flightsFile, type OpenedData, openData, project } from '../data/open-data.ts'
import { startPostgres } from '../servers/postgres.ts'
import { failure } from './failure.ts'
import { knownRows } from './known-rows.ts'
import { serveFiles, writeColumnar } from './source-kinds.ts'

let data: OpenedData
const cleanups: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  data = await openData()
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
afterAll(() => data.close())

const file = (name: string, content?: string | Buffer) => {
  const path = join(data.folder, name)
  if (content !== undefined) writeFileSync(path, content)
  return path
}
const quarantined = async (version: { version: number }) => {
  const { columns, rows } = await data.datasets.quarantine(project, 'rows', version.version)
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))
}

describe('files that are not whole', () => {
  test('a truncated Parquet', async () => {
    const path = file('short.parquet', readFileSync(flightsFile))
    truncateSync(path, 5_000_000)
    const error = await failure(data.make({ kind: 'parquet', path }))
    expect(error).toMatchObject({ code: 'source_unreadable' })
    expect(error.message).toContain(`input (${path})`)
  })

  test('a Parquet with a damaged middle', async () => {
    const bytes = Buffer.from(readFileSync(flightsFile))
    bytes.fill(0x5a, 4_000_000, 4_400_000)
    const path = file('damaged.parquet', bytes)
    const error = await failure(data.make({ kind: 'parquet', path }))
    expect(error).toMatchObject({ code: 'source_unreadable' })
  })

  test('no Parquet at all, and an empty file', async () => {
    expect(await failure(data.make({ kind: 'parquet', path: file('text.parquet', 'hello') }))).toMatchObject({
      code: 'source_unreadable',
    })
    for (const kind of ['parquet', 'csv', 'jsonl'])
      expect(await failure(data.make({ kind, path: file(`empty.${kind}`, '') }))).toMatchObject({
        code: 'source_unreadable',
      })
  })

  test('a truncated gzip', async () => {
    const { gzipSync } = await import('node:zlib')
    const packed = gzipSync(`a,b\n${Array.from({ length: 50_000 }, (_, i) => `${i},${Math.sin(i)}`).join('\n')}\n`)
    const error = await failure(
      data.make({ kind: 'csv', path: file('short.csv.gz', packed.subarray(0, packed.length / 2)) }),
    )
    expect(error).toMatchObject({ code: 'source_unreadable' })
  })

  test('a missing file, a folder, a pattern', async () => {
    const path = file('absent.csv')
    expect(await failure(data.make({ kind: 'csv', path }))).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining(path),
    })
    expect(await failure(data.make({ kind: 'csv', path: data.folder }))).toMatchObject({ code: 'invalid_input' })
    expect(await failure(data.make({ kind: 'csv', path: file('a[1].csv', 'a\n1\n') }))).toMatchObject({
      code: 'invalid_input',
    })
  })

  test('a file that changes while it is read', async () => {
    const path = file('changing.csv', 'a\n1\n')
    await data.sources.put(by, project, 'input', { kind: 'csv', path })
    await data.datasets.put(by, project, 'rows', { from: 'input' })
    const progress = ({ stage }: { stage: string }) => stage === 'curate' && writeFileSync(path, 'a\n1\n2\n')
    expect(
      await failure(data.datasets.materialiseNow(by, { project, dataset: 'rows' }, { progress: progress as never })),
    ).toMatchObject({ code: 'source_changed' })
    expect((await data.datasets.materialiseNow(by, { project, dataset: 'rows' })).counts.kept).toBe(2)
  })
})

describe('rows that cannot be read are quarantined with row, column and reason', () => {
  test('CSV: too few and too many fields, wrong types, bad UTF-8', async () => {
    const good = Array.from(
      { length: 200 },
      (_, i) => `${i},name ${i},2001-01-${String((i % 28) + 1).padStart(2, '0')}\n`,
    ).join('')
    const path = file(
      'bad.csv',
      Buffer.concat([
        Buffer.from(`id,name,day\n${good}200,short\n201,long,2001-01-01,more\nx17,wrong,2001-01-01\n203,`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from(',2001-01-01\n204,late,2001-02-30\n'),
      ]),
    )
    const version = await data.make({ kind: 'csv', path })
    expect(version.schema).toEqual([
      { name: 'id', type: 'int' },
      { name: 'name', type: 'text' },
      { name: 'day', type: 'date' },
    ])
    expect(version.counts).toMatchObject({ read: 205, kept: 200, quarantined: 5 })
    expect(await quarantined(version)).toMatchObject([
      { id: '200', name: 'short', _row: 200, _step: 0, _operation: 'read', _reason: 'fewer than 3 fields' },
      { id: '201', _row: 201, _reason: 'more than 3 fields' },
      { _row: 202, _reason: 'id is not an int', _value: 'x17' },
      { id: '203', _row: 203, _reason: 'name is not valid UTF-8' },
      { id: '204', _row: 204, _reason: 'day is not a date', _value: '2001-02-30' },
    ])
    expect(version.quarantine?.reasons).toHaveLength(5)
  })

  test('JSON Lines: no JSON, no object, wrong types, bad UTF-8', async () => {
    const good = Array.from({ length: 200 }, (_, i) => `{"id":${i},"ok":true}\n`).join('')
    const path = file(
      'bad.jsonl',
      Buffer.concat([
        Buffer.from(`${good}\nnot json\n[1]\n{"id":"x","ok":false}\n{"id":5,"name":"`),
        Buffer.from([0xff]),
        Buffer.from('"}\n{"id":6'),
      ]),
    )
    const version = await data.make({ kind: 'jsonl', path })
    expect(version.counts).toMatchObject({ kept: 200, quarantined: 5, read: 205 })
    const rows = await quarantined(version)
    expect(rows.map((row) => row._reason)).toEqual([
      'is no JSON object',
      'is no JSON object',
      'id is not an int',
      expect.stringMatching(/UTF-8|JSON/),
      'is no JSON object',
    ])
    expect(rows[0]).toMatchObject({ _value: 'not json', _row: 201 })
  })

  test('Parquet: bad UTF-8 in a text column, missing time', async () => {
    const path = file('bytes.parquet')
    await data.environment.events.command(
      `INSERT INTO FUNCTION file('${path}', Parquet) SELECT number AS id, if(number = 3, unhex('FFFE'), 'good') AS name, if(number = 4, NULL, toDateTime64('2001-01-01 00:00:00', 6, 'UTC') + number) AS at FROM numbers(10)`,
    )
    const version = await data.make(
      { kind: 'parquet', path },
      { time: 'at' },
      { from: Date.UTC(2001, 0, 1), to: Date.UTC(2001, 0, 2) },
    )
    expect(version.counts).toMatchObject({ read: 10, kept: 8, quarantined: 2 })
    expect(await quarantined(version)).toMatchObject([
      { id: 3, _reason: 'name is not valid UTF-8' },
      { id: 4, _reason: 'at is missing' },
    ])
  })

  test('a million bad rows among a million good ones', async () => {
    const path = file('million.csv')
    await data.environment.events.command(
      `INSERT INTO FUNCTION file('${path}', CSVWithNames) SELECT number AS id, if(number % 2 = 0, toString(number), concat('bad ', toString(number))) AS amount FROM numbers(2000000)`,
    )
    const version = await data.make({ kind: 'csv', path, columns: { amount: 'int' } })
    expect(version.counts).toMatchObject({ read: 2_000_000, kept: 1_000_000, quarantined: 1_000_000, removed: 0 })
    expect(version.quarantine?.reasons).toEqual([
      { step: 0, operation: 'read', reason: 'amount is not an int', rows: 1_000_000 },
    ])
    const page = await data.datasets.quarantine(project, 'rows', version.version, { limit: 1, offset: 999_999 })
    expect(page.total).toBe(1_000_000)
    expect(page.rows[0]).toEqual([
      '1999999',
      'bad 1999999',
      1_999_999,
      0,
      'read',
      'amount is not an int',
      'bad 1999999',
    ])
  })
})

describe('schemas that change', () => {
  test('a column that is gone or of another type is refused, a new one is taken', async () => {
    const path = file('schema.parquet')
    await writeColumnar(data, path, knownRows, 'Parquet')
    const source = { kind: 'parquet', path }
    await data.make(source)
    const rewrite = (select: string) =>
      data.environment.events.command(
        `INSERT INTO FUNCTION file('${path}', Parquet) SELECT ${select} FROM numbers(3)`,
        undefined,
        { settings: { engine_file_truncate_on_insert: 1 } },
      )
    await rewrite("number AS id, 'x' AS name, 'much' AS amount, toDate32('2001-01-01') AS day")
    expect(await failure(data.make(source))).toMatchObject({
      code: 'source_schema_changed',
      message: expect.stringContaining('amount was float and is text; at is gone'),
    })
    await rewrite(
      "number AS id, 'x' AS name, 1.5 AS amount, toDate32('2001-01-01') AS day, toDateTime64('2001-01-01 00:00:00', 6, 'UTC') AS at, 7 AS extra",
    )
    expect((await data.make(source)).schema.map(({ name }) => name)).toContain('extra')
  })

  test('an expectation on the schema leaves the version unpublished', async () => {
    const path = file('expected.csv', 'a,b\n1,x\n')
    const spec = { expect: [{ schema: { columns: { a: 'int', c: 'text' } } }] }
    expect(await failure(data.make({ kind: 'csv', path }, spec))).toMatchObject({
      code: 'expectations_failed',
      message: expect.stringContaining('c is absent'),
    })
  })
})

describe('places that cannot be reached', () => {
  test('a closed port, a name that does not exist, statuses', async () => {
    expect(await failure(data.make({ kind: 'csv', url: 'http://127.0.0.1:2/a.csv' }))).toMatchObject({
      code: 'source_unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    expect(await failure(data.make({ kind: 'csv', url: 'http://nowhere.invalid/a.csv' }))).toMatchObject({
      code: 'source_unreachable',
    })
    const server = await serveFiles({
      '/secret.csv': { body: Buffer.from(''), status: 403 },
      '/broken.csv': { body: Buffer.from(''), status: 500 },
    })
    cleanups.push(server.close)
    expect(await failure(data.make({ kind: 'csv', url: `${server.url}/absent.csv?key=hidden` }))).toMatchObject({
      code: 'not_found',
      message: expect.not.stringContaining('hidden'),
    })
    expect(await failure(data.make({ kind: 'csv', url: `${server.url}/secret.csv` }))).toMatchObject({
      code: 'source_refused',
    })
    expect(await failure(data.make({ kind: 'csv', url: `${server.url}/broken.csv` }))).toMatchObject({
      code: 'source_unreachable',
    })
  })

  test('a connection that ends in the middle', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('a,b\n1,2\n')
      setTimeout(() => response.destroy(), 50)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as { port: number }
    expect(await failure(data.make({ kind: 'csv', url: `http://127.0.0.1:${port}/a.csv` }))).toMatchObject({
      code: 'source_unreachable',
    })
  })

  test('PostgreSQL: away, unknown user, unknown table; the secret is in no error', async () => {
    const source = {
      kind: 'postgres',
      host: 'localhost',
      port: 1,
      database: 'postgres',
      table: 'known',
      user: 'kedge',
      password: { secret: 'warehouse' },
    }
    expect(await failure(data.make(source))).toMatchObject({ code: 'source_unreachable' })
    const server = await startPostgres()
    cleanups.push(server.stop)
    const table = await failure(data.make({ ...source, port: server.port }))
    expect(table).toMatchObject({ code: 'source_refused', message: expect.stringContaining('does not exist') })
    const user = await failure(data.make({ ...source, port: server.port, user: 'stranger' }))
    expect(user).toMatchObject({ code: 'source_refused', message: expect.stringContaining('stranger') })
    expect(JSON.stringify([table, user])).not.toContain('"secret"')
    await server.kill()
    expect(await failure(data.make({ ...source, port: server.port }))).toMatchObject({ code: 'source_unreachable' })
  })

  test('SQLite: no database, no table', async () => {
    expect(
      await failure(data.make({ kind: 'sqlite', path: file('no.sqlite', 'this is no database at all'), table: 't' })),
    ).toMatchObject({ code: 'source_unreadable' })
    const { default: BetterSqlite } = await import('better-sqlite3')
    const path = file('tableless.sqlite')
    new BetterSqlite(path).exec('CREATE TABLE other (a)').close()
    expect(await failure(data.make({ kind: 'sqlite', path, table: 't' }))).toMatchObject({ code: 'source_refused' })
  })
})

describe('downloads', () => {
  test('are asked for again only when they changed', async () => {
    const files = { '/a.csv': { body: Buffer.from('a\n1\n'), etag: '"one"' } }
    const server = await serveFiles(files)
    cleanups.push(server.close)
    const source = { kind: 'csv', url: `${server.url}/a.csv` }
    const first = await data.make(source)
    expect((await data.make(source)).version).toBe(first.version)
    expect(server.requests.map(({ status }) => status)).toEqual([200, 304])
    files['/a.csv'] = { body: Buffer.from('a\n1\n2\n'), etag: '"two"' }
    expect((await data.make(source)).counts.kept).toBe(2)
  })

  test('follow redirects, but not in circles and not to other protocols', async () => {
    const files: Parameters<typeof serveFiles>[0] = {
      '/real.csv': { body: Buffer.from('a\n1\n') },
      '/moved.csv': { body: Buffer.from(''), status: 302, headers: { location: '/real.csv' } },
      '/circle.csv': { body: Buffer.from(''), status: 302, headers: { location: '/circle.csv' } },
      '/file.csv': { body: Buffer.from(''), status: 302, headers: { location: 'file:///etc/passwd' } },
    }
    const server = await serveFiles(files)
    cleanups.push(server.close)
    expect((await data.make({ kind: 'csv', url: `${server.url}/moved.csv` })).counts.kept).toBe(1)
    expect(await failure(data.make({ kind: 'csv', url: `${server.url}/circle.csv` }))).toMatchObject({
      code: 'source_refused',
    })
    expect(await failure(data.make({ kind: 'csv', url: `${server.url}/file.csv` }))).toMatchObject({
      code: 'source_refused',
    })
  })
})

test('links out of the folders for sources are not followed', async () => {
  const inside = file('links')
  const { mkdirSync } = await import('node:fs')
  mkdirSync(inside)
  writeFileSync(join(inside, 'good.csv'), 'a\n1\n')
  symlinkSync('/etc/passwd', join(inside, 'evil.csv'))
  const guarded = await openData({ sourceFolders: [inside] })
  cleanups.push(guarded.close)
  expect((await guarded.make({ kind: 'csv', path: 'good.csv' })).counts.kept).toBe(1)
  for (const path of ['evil.csv', '/etc/passwd', '../bad.csv', flightsFile]) {
    const error = await failure(guarded.make({ kind: 'csv', path }))
    expect(error.code).toMatch(/^(path_guarded|not_found)$/)
  }
})

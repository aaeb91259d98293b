import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresPrograms, startPostgres } from '../servers/postgres.ts'
import { type OpenedData, openData, project } from './open-data.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData()
  writeFileSync(join(data.folder, 'a.csv'), 'id,name\n1,x\n2,y\n')
  mkdirSync(join(data.folder, 'inner'))
  const database = new Database(join(data.folder, 'shop.db'))
  database.exec(
    'CREATE TABLE orders (id INTEGER, total REAL); CREATE VIEW large AS SELECT * FROM orders WHERE total > 9; INSERT INTO orders VALUES (1, 10.5)',
  )
  database.close()
})
afterAll(() => data.close())

test('every kind describes itself with a schema that a form can be made of', () => {
  const { sources, operations, expectations } = data.kinds()
  for (const { kind, title, schema } of [...sources, ...operations, ...expectations]) {
    expect(title, kind).toMatch(/^\S/)
    expect(schema, kind).toMatchObject({ $schema: expect.any(String) })
  }
  const postgres = sources.find(({ kind }) => kind === 'postgres')!
  expect(postgres).toMatchObject({
    discovers: true,
    schema: { properties: { password: { $ref: '#/$defs/SecretReference' } } },
  })
})

test('a database says which tables it has, before one is chosen', async () => {
  const path = join(data.folder, 'shop.db')
  expect(await data.sources.discover(project, { kind: 'sqlite', path, table: '' })).toEqual([
    { what: 'view', title: 'large', set: { table: 'large' } },
    { what: 'table', title: 'orders', set: { table: 'orders' } },
  ])
  expect(await data.sources.discover(project, { kind: 'csv', path })).toBe(null)
  await expect(data.sources.discover(project, { kind: 'postgres' })).rejects.toMatchObject({
    code: 'invalid_input',
    places: expect.arrayContaining([{ where: 'host', what: expect.any(String) }]),
  })
})

test('a source that is not declared shows its rows in the types that were found', async () => {
  const preview = await data.sources.previewConfig(project, { kind: 'csv', path: join(data.folder, 'a.csv') }, 1)
  expect(preview.columns).toEqual([
    { name: 'id', type: 'int' },
    { name: 'name', type: 'text' },
  ])
  expect(preview.rows).toEqual([[1, 'x']])
  expect((await data.sources.list(project)).length).toBe(0)
})

test('a folder is shown as far as sources may read, and not further', async () => {
  const { items } = await data.sources.folder(data.folder)
  expect(items.map(({ name, folder }) => [name, folder])).toEqual(
    expect.arrayContaining([
      ['inner', true],
      ['a.csv', false],
    ]),
  )
  await expect(data.sources.folder(join(data.folder, 'none'))).rejects.toMatchObject({ code: 'not_found' })
})

test.runIf(postgresPrograms())('PostgreSQL says which tables and views it has', { timeout: 60_000 }, async () => {
  const server = await startPostgres()
  try {
    const client = new pg.Client({ connectionString: await server.createDatabase('shop') })
    await client.connect()
    await client.query('CREATE TABLE orders (id int); CREATE SCHEMA old; CREATE VIEW old.small AS SELECT 1 AS x')
    await client.end()
    const { host, port, user } = server
    const place = { kind: 'postgres', host, port, database: 'shop', user, password: { secret: 'x' } }
    expect(await data.sources.discover(project, place)).toEqual([
      { what: 'view', title: 'old.small', set: { schema: 'old', table: 'small' } },
      { what: 'table', title: 'orders', set: { schema: 'public', table: 'orders' } },
    ])
  } finally {
    await server.stop()
  }
})

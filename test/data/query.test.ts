import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenedData, openData, project } from './open-data.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData()
  const file = join(data.folder, 'a.csv')
  writeFileSync(file, `id,name,day\n${Array.from({ length: 500 }, (_, i) => `${i},n${i % 3},2001-01-01`).join('\n')}\n`)
  await data.make({ kind: 'csv', path: file })
})
afterAll(() => data.close())

const ask = (sql: string, limit = 10) => data.datasets.query(project, 'rows', 'latest', { sql, limit })

describe('a question about a version', () => {
  test('is answered from its rows, with types', async () => {
    expect(await ask('SELECT name, count() AS n, max(day) FROM rows GROUP BY name ORDER BY name;')).toMatchObject({
      columns: [
        { name: 'name', type: 'text' },
        { name: 'n', type: 'int' },
        { name: 'max(day)', type: 'date' },
      ],
      rows: [
        ['n0', 167, 978307200000],
        ['n1', 167, 978307200000],
        ['n2', 166, 978307200000],
      ],
      cut: false,
    })
    expect(await ask('WITH odd AS (SELECT * FROM rows WHERE id % 2) SELECT id, id, [id] FROM odd', 2)).toMatchObject({
      rows: [
        [1, 1, '[1]'],
        [3, 3, '[3]'],
      ],
      cut: true,
    })
    expect((await ask("SELECT nullIf(name, 'n0') FROM rows WHERE id IN (0, 1) ORDER BY id")).rows).toEqual([
      [null],
      ['n1'],
    ])
  })

  test('that is wrong says where', async () => {
    await expect(ask('SELECT nme FROM rows')).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(ask('SELECT 1 +')).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test.each([
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    "SELECT * FROM rows, url('http://127.0.0.1/', LineAsString)",
    "SELECT * FROM rows WHERE name IN (SELECT line FROM file('/etc/passwd', LineAsString))",
    "SELECT file('/etc/passwd')",
    'SELECT * FROM predictions',
    'SELECT * FROM default.predictions',
    'SELECT * FROM system.tables',
    'SELECT 1 WHERE 1 IN predictions',
    'SELECT 1 WHERE 1 NOT IN system.one',
    'SELECT id FROM rows WHERE id GLOBAL IN (predictions)',
    'SELECT * FROM predictions /* with predictions as ( */',
    "SELECT * FROM predictions WHERE name != 'with predictions as ('",
    'SELECT * FROM (WITH predictions AS (SELECT 1) SELECT * FROM predictions) AS a, predictions AS b',
    'SELECT exists(SELECT 1 FROM predictions)',
    'SELECT * FROM numbers(10)',
    "SELECT * FROM VALUES('a Int8', 1)",
    'SELECT * FROM rows SETTINGS max_execution_time = 0',
    "SELECT * FROM rows INTO OUTFILE '/tmp/kedge-query-test'",
    'SELECT * FROM rows FORMAT CSV',
    'DROP TABLE predictions',
    'INSERT INTO predictions SELECT * FROM rows',
    'SELECT 1; DROP TABLE predictions',
    'SELECT 1) ; DROP TABLE predictions --',
    'SELECT 1) UNION ALL SELECT * FROM predictions WHERE (1',
    'SELECT sleep(3)',
    "SELECT getSetting('max_threads')",
    "SELECT getClientHTTPHeader('authorization')",
    "SELECT dictGet('x', 'y', 1)",
    "SELECT joinGet('predictions', 'x', 1)",
    'SELECT * FROM (EXPLAIN SELECT 1)',
    "SELECT hasColumnInTable('default', 'predictions', 'x')",
  ])('reads nothing else: %s', async (sql) => {
    await expect(ask(sql)).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('has limits of memory and rows', async () => {
    await expect(
      ask('SELECT groupArray(x) FROM (SELECT arrayJoin(range(1000000)) AS x FROM rows)'),
    ).rejects.toMatchObject({
      code: 'events_limit',
    })
    expect((await ask('SELECT id FROM rows', 7)).rows).toHaveLength(7)
    expect(((await ask("SELECT repeat('x', 200000) FROM rows")).rows[0]![0] as string).length).toBe(10_000)
  })
})

describe('rows by an expression', () => {
  test('come in their order, a page at a time, with how many there are', async () => {
    const page = await data.datasets.rows(project, 'rows', 1, {
      where: "name = 'n1' and id > 100",
      limit: 2,
      offset: 1,
    })
    expect(page).toMatchObject({ total: 133 })
    expect(page.rows.map(([id]) => id)).toEqual([106, 109])
  })
  test('an expression that is none says so', async () => {
    await expect(data.datasets.rows(project, 'rows', 1, { where: 'nme = 1' })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('did you mean name'),
    })
  })
})

import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenedData, openData, project } from '../data/open-data.ts'
import { asRecords, knownConfig } from '../mainframe/known-records.ts'
import { failure } from './failure.ts'
import { knownRows } from './known-rows.ts'
import { columnarFormats } from './source-kinds.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData()
})
afterAll(() => data.close())

const put = (name: string, content: string | Buffer) => {
  const path = join(data.folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}
const pattern = (name: string) => join(data.folder, name)
const rowsOf = async (version: { version: number }) => (await data.datasets.rows(project, 'rows', version.version)).rows

test.each(Object.entries(columnarFormats))(
  '%s in folders by year and month: their names are columns',
  async (kind, format) => {
    for (const [i, folder] of ['year=2001/month=12', 'year=2001/month=02', 'year=2002/month=01'].entries()) {
      mkdirSync(pattern(`${kind}/${folder}`), { recursive: true })
      const path = pattern(`${kind}/${folder}/a.${kind}`)
      await data.environment.events.command(
        `INSERT INTO FUNCTION file('${path}', ${format}) SELECT toInt64(number + ${i * 10}) AS id${i === 2 ? ", 'new' AS extra" : ''} FROM numbers(2)`,
      )
    }
    const version = await data.make({ kind, path: pattern(`${kind}/year=*/month=*/*.${kind}`) })
    expect(version.schema.map(({ name, type }) => [name, type])).toEqual(
      expect.arrayContaining([
        ['id', 'int'],
        ['extra', 'text'],
        ['year', 'int'],
        ['month', 'int'],
      ]),
    )
    const places = ['id', 'year', 'month', 'extra'].map((name) =>
      version.schema.findIndex((column) => column.name === name),
    )
    expect((await rowsOf(version)).map((row) => places.map((place) => row[place]))).toEqual([
      [10, 2001, 2, null],
      [11, 2001, 2, null],
      [0, 2001, 12, null],
      [1, 2001, 12, null],
      [20, 2002, 1, 'new'],
      [21, 2002, 1, 'new'],
    ])
  },
)

test('CSV and JSON Lines, packed and plain, by pattern: in the order of names, rows numbered through', async () => {
  put('days/day=2001-01-02/b.csv.gz', gzipSync('id,name\n3,c\n4,d\n'))
  put('days/day=2001-01-01/a.csv', 'id,name\n1,a\n2\n')
  put('days/day=2001-01-03/c.csv.zst', zstdCompressSync('id,name\n5,é x\n'))
  const version = await data.make({ kind: 'csv', path: pattern('days/**/*.{csv,csv.gz,csv.zst}') })
  expect(version.schema.map(({ name, type }) => [name, type])).toEqual([
    ['id', 'int'],
    ['name', 'text'],
    ['day', 'date'],
  ])
  expect((await rowsOf(version)).map(([id]) => id)).toEqual([1, 3, 4, 5])
  expect(version.counts).toMatchObject({ read: 5, quarantined: 1 })
  expect((await data.sources.preview(project, 'input', 2)).rows).toHaveLength(2)

  put('lines/b.jsonl', '{"id":2}\n\nnot json\n{"id":3}\n')
  put('lines/a.jsonl.gz', gzipSync('{"id":1,"name":"x"}\n'))
  const lines = await data.make({ kind: 'jsonl', path: pattern('lines/*') })
  expect(await rowsOf(lines)).toHaveLength(3)
  expect(lines.counts).toMatchObject({ read: 4, quarantined: 1 })
})

test.each([
  ['**/*.csv', [1, 2, 3, 4]],
  ['*.csv', [1]],
  ['*/*.csv', [2, 3]],
  ['{one,two}/?.csv', [2, 3]],
  ['one/**', [2, 4]],
])('the engine reads of %s the files that were listed', async (rest, ids) => {
  for (const [name, id] of [
    ['a', 1],
    ['one/b', 2],
    ['two/c', 3],
    ['one/deep/d', 4],
  ])
    put(`deep/${name}.csv`, `id\n${id}\n`)
  const rows = await rowsOf(await data.make({ kind: 'csv', path: pattern(`deep/${rest}`) }))
  expect(rows.map(([id]) => id).sort()).toEqual(ids)
})

test('a packed file whose name does not say so', async () => {
  const path = put('packed', zstdCompressSync('a\n1\n2\n'))
  expect((await data.make({ kind: 'csv', path, compression: 'zstd' })).counts.kept).toBe(2)
  const lines = put('packed.data', gzipSync('{"a":1}\n'))
  expect((await data.make({ kind: 'jsonl', path: lines, compression: 'gzip' })).counts.kept).toBe(1)
  expect(await failure(data.make({ kind: 'csv', path, compression: 'gzip' }))).toMatchObject({
    code: 'source_unreadable',
  })
})

test('the same files give the same version, a changed or new one another', async () => {
  put('changing/a.csv', 'a\n1\n')
  put('changing/b.csv', 'a\n2\n')
  const source = { kind: 'csv', path: pattern('changing/*.csv') }
  const first = await data.make(source)
  expect((await data.make(source)).version).toBe(first.version)
  renameSync(put('changing/new', 'a\n3\n'), pattern('changing/b.csv'))
  put('changing/c.csv', 'a\n4\n')
  expect(await rowsOf(await data.make(source))).toEqual([[1], [3], [4]])
})

test('files that do not fit each other, patterns that find nothing or are none', async () => {
  put('mixed/a.csv', 'a,b\n1,2\n')
  put('mixed/b.csv', 'b,a\n2,1\n')
  const mixed = await failure(data.make({ kind: 'csv', path: pattern('mixed/*.csv') }))
  expect(mixed).toMatchObject({
    code: 'source_unreadable',
    message: expect.stringMatching(/a\.csv.*b\.csv|b\.csv.*a\.csv/),
  })
  put('uneven/year=1/a.csv', 'a\n1\n')
  put('uneven/a.csv', 'a\n1\n')
  expect(await failure(data.make({ kind: 'csv', path: pattern('uneven/**/*.csv') }))).toMatchObject({
    code: 'invalid_input',
  })
  expect(await failure(data.make({ kind: 'csv', path: pattern('absent/*.csv') }))).toMatchObject({ code: 'not_found' })
  expect(await failure(data.make({ kind: 'csv', path: pattern('mixed/*.tsv') }))).toMatchObject({ code: 'not_found' })
  for (const wrong of ['mixed/[ab].csv', 'mixed/{a,{b}}.csv', 'mixed/*/../a.csv', 'mixed/{a/b}.csv'])
    expect(await failure(data.make({ kind: 'csv', path: `${data.folder}/${wrong}` }))).toMatchObject({
      code: 'invalid_input',
    })
})

test('a link among the files is refused, so is a pattern from outside of the folders for sources', async () => {
  put('open/a.csv', 'a\n1\n')
  symlinkSync('/etc', pattern('open/evil'))
  const guarded = await openData({ sourceFolders: [pattern('open')] })
  try {
    expect((await guarded.make({ kind: 'csv', path: '*.csv' })).counts.kept).toBe(1)
    for (const path of ['*/*', '**/passwd', '/etc/*', '../open/../*/*.csv']) {
      const error = await failure(guarded.make({ kind: 'csv', path }))
      expect(error.code).toMatch(/^(path_guarded|invalid_input)$/)
    }
  } finally {
    await guarded.close()
  }
})

test.each([
  ['a field without an end', zstdCompressSync(Buffer.alloc(300 * 2 ** 20, 'x')), 'zst'],
  ['lines without an end', gzipSync(Buffer.alloc(300 * 2 ** 20, '0\n'), { level: 1 }), 'gz'],
])('%s: a file that unpacks to far more than it should is refused', async (name, packed, ending) => {
  for (const kind of ['csv', 'jsonl']) {
    const path = put(`${name}.${kind}.${ending}`, packed)
    expect(await failure(data.make({ kind, path }))).toMatchObject({
      code: 'source_unreadable',
      message: expect.stringMatching(/unpacks to more than|has a line of more than/),
    })
  }
})

test('twenty thousand small files are listed, read in order and found unchanged', async () => {
  for (let folder = 0; folder < 20; folder++) {
    mkdirSync(pattern(`small/part=${folder}`), { recursive: true })
    for (let i = 0; i < 1000; i++)
      writeFileSync(pattern(`small/part=${folder}/${i}.jsonl`), `{"id":${folder * 1000 + i}}\n`)
  }
  const source = { kind: 'jsonl', path: pattern('small/*/*.jsonl'), columns: { id: 'int' } }
  const version = await data.make(source)
  expect(version.counts).toMatchObject({ read: 20_000, kept: 20_000 })
  expect((await data.make(source)).version).toBe(version.version)
})

test('records of a mainframe in folders by year', async () => {
  const [first, second] = [knownRows.slice(0, 2), knownRows.slice(2)]
  put('records/year=2001/a.ebcdic', asRecords(first))
  put('records/year=2002/b.ebcdic', asRecords(second))
  const source = { ...knownConfig, path: pattern('records/year=*/*.ebcdic') }
  const version = await data.make(source)
  const year = version.schema.findIndex(({ name }) => name === 'year')
  expect((await rowsOf(version)).map((row) => [row[0], row[year]])).toEqual(
    knownRows.map(({ id }, i) => [id, i < 2 ? 2001 : 2002]),
  )
  expect((await data.sources.preview(project, 'input', 3)).rows).toHaveLength(3)
})

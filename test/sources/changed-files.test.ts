import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenedData, openData, project } from '../data/open-data.ts'
import { failure } from './failure.ts'
import { placeServers } from './place-servers.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData({ secret: async () => 'S3RVER' })
})
afterAll(() => data.close())

const put = (name: string, content: string) => {
  const path = join(data.folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}
const incremental = { mode: 'incremental' }
const rowsOf = async (source: object) => {
  const version = await data.make(source, incremental)
  const { rows } = await data.datasets.rows(project, 'rows', version.version, { limit: 1000 })
  return { version, rows: rows.toSorted((a, b) => Number(a[0]) - Number(b[0])) }
}

describe('a folder of files, pulled by what changed', () => {
  test('new, changed and gone files; nothing new is the same version; types stay', async () => {
    const source = { kind: 'csv', path: join(data.folder, 'days/day=*/*.csv'), columns: { id: 'int' } }
    put('days/day=2001-01-01/a.csv', 'id,x\n1,a\n2,b\n')
    put('days/day=2001-01-02/b.csv', 'id,x\n3,c\nbad\n')
    const day = (i: number) => Date.UTC(2001, 0, i)
    const first = await rowsOf(source)
    expect(first.rows).toEqual([
      [1, 'a', day(1)],
      [2, 'b', day(1)],
      [3, 'c', day(2)],
    ])
    expect(first.version.counts).toMatchObject({ read: 4, quarantined: 1 })
    expect((await rowsOf(source)).version.version).toBe(first.version.version)

    put('days/day=2001-01-03/c.csv', 'id,x,extra\n4,7,1.5\n')
    const second = await rowsOf(source)
    expect(second.version.schema.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'int'],
      ['x', 'text'],
      ['day', 'date'],
      ['extra', 'float'],
    ])
    expect(second.rows.at(-1)).toEqual([4, '7', day(3), 1.5])

    put('days/day=2001-01-02/b.csv', 'id,x\n33,cc\n')
    rmSync(join(data.folder, 'days/day=2001-01-01/a.csv'))
    const third = await rowsOf(source)
    expect(third.rows).toEqual([
      [4, '7', day(3), 1.5],
      [33, 'cc', day(2), null],
    ])
    expect(third.version.counts).toMatchObject({ read: 2, quarantined: 0 })

    put('days/day=2001-01-01/a.csv', 'id,x\n1,a\n2,b\n')
    expect((await rowsOf(source)).rows.map(([id]) => id)).toEqual([1, 2, 4, 33])
  })

  test('rows of files that are gone stay where the declaration says so', async () => {
    const source = { kind: 'jsonl', path: join(data.folder, 'kept/*.jsonl'), removed: 'keep' }
    put('kept/a.jsonl', '{"id":1}\n')
    put('kept/b.jsonl', '{"id":2}\n')
    await rowsOf(source)
    rmSync(join(data.folder, 'kept/a.jsonl'))
    put('kept/c.jsonl', '{"id":3}\n')
    expect((await rowsOf(source)).rows).toEqual([[1], [2], [3]])
  })

  test('many pulls: batches are put together, and what is superseded goes', async () => {
    const source = { kind: 'jsonl', path: join(data.folder, 'many/*.jsonl') }
    for (let i = 0; i < 30; i++) {
      put(`many/${i % 10}.jsonl`, `{"id":${i % 10},"round":${i}}\n`)
      const { rows } = await rowsOf(source)
      const newest = Array.from({ length: Math.min(i + 1, 10) }, (_, id) => [id, id + 10 * Math.floor((i - id) / 10)])
      expect(rows).toEqual(newest)
    }
  }, 60_000)

  test('a Parquet file whose column has another type is refused by name', async () => {
    const source = { kind: 'parquet', path: join(data.folder, 'typed/*.parquet') }
    const write = (name: string, select: string) => {
      mkdirSync(join(data.folder, 'typed'), { recursive: true })
      return data.environment.events.command(
        `INSERT INTO FUNCTION file('${join(data.folder, 'typed', name)}', Parquet) SELECT ${select}`,
      )
    }
    await write('a.parquet', 'toInt64(1) AS id')
    await rowsOf(source)
    await write('b.parquet', "'x' AS id")
    expect(await failure(rowsOf(source))).toMatchObject({
      code: 'source_schema_changed',
      message: expect.stringContaining('id was int and is text'),
    })
    // nor is anything of the refused run left
    expect(readdirSync(join(data.environment.dataDirectory, 'tmp', 'data'))).toEqual([])
  })

  test('from a bucket: only the new object is read', async () => {
    const server = (await placeServers.s3!(data.folder))!
    try {
      await server.put('inc/a.jsonl', '{"id":1}\n')
      const source = { kind: 'jsonl', url: server.url('inc/*.jsonl'), access: server.access }
      await rowsOf(source)
      await server.put('inc/b.jsonl', '{"id":2}\n')
      const second = await rowsOf(source)
      expect(second.rows).toEqual([[1], [2]])
      await server.remove('inc/a.jsonl')
      expect((await rowsOf(source)).rows).toEqual([[2]])
    } finally {
      await server.stop()
    }
  })
})

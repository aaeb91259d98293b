import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type OpenedData, openData, project } from '../data/open-data.ts'
import { knowsUsers, type MongodbServer, mongodbObstacle, startMongodb } from '../servers/mongodb.ts'
import { type RedisServer, redisObstacle, startRedis } from '../servers/redis.ts'
import { failure } from './failure.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData({ secret: async (_project, name) => (name === 'wrong' ? 'hunter2' : 'secret') })
})
afterAll(() => data.close())

/** The newest rows of the dataset as objects. */
async function made(config: object, spec: object = {}) {
  const version = await data.make(config, spec)
  const { rows, columns } = await data.datasets.rows(project, 'rows', version.version)
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))
}

describe.skipIf(await mongodbObstacle())('MongoDB', () => {
  let server: MongodbServer
  beforeAll(async () => {
    server = await startMongodb()
  })
  afterAll(() => server.stop())
  const config = (collection: string, more: object = {}) => ({
    kind: 'mongodb',
    host: '127.0.0.1',
    port: server.port,
    database: 'shop',
    collection,
    ...(knowsUsers ? { user: 'kedge', password: { secret: 'right' } } : {}),
    ...more,
  })
  const collection = (name: string) => server.client.db('shop').collection(name)

  test('documents that differ: what is nested is JSON, what has no column is kept', async () => {
    const { Long, Decimal128, Binary } = await import('mongodb')
    await collection('mixed').insertMany([
      {
        _id: 1 as never,
        n: 1,
        big: Long.fromString('9007199254740990'),
        // FerretDB does not know it
        exact: knowsUsers ? '1.10' : Decimal128.fromString('1.10'),
      },
      { _id: 2 as never, n: 1.5, nested: { a: [1, 'x', null], at: new Date(0) }, flag: true },
      { _id: 3 as never, n: null, bytes: new Binary(Buffer.from([1, 2, 255])), text: 'Größe \u{1F600}' },
    ])
    expect(await made(config('mixed'))).toEqual([
      { _id: 1, n: 1, big: 9007199254740990, exact: '1.10', nested: null, flag: null, bytes: null, text: null, _other: null },
      { _id: 2, n: 1.5, big: null, exact: null, nested: '{"a":[1,"x",null],"at":"1970-01-01T00:00:00.000Z"}', flag: true, bytes: null, text: null, _other: null },
      { _id: 3, n: null, big: null, exact: null, nested: null, flag: null, bytes: 'AQL/', text: 'Größe \u{1F600}', _other: null },
    ]) // biome-ignore format: rows
    const declared = await made(config('mixed', { columns: { n: 'text', flag: 'bool' } }))
    expect(declared.map(({ n, flag }) => [n, flag])).toEqual([
      ['1', null],
      ['1.5', true],
      [null, null],
    ])
    expect(JSON.parse(String(declared[2]!._other))).toEqual({ bytes: 'AQL/', text: 'Größe \u{1F600}' })
  })

  test('new documents by their ids, also with a field that none had before', async () => {
    await collection('grows').insertMany([{ v: 1 }, { v: 2 }])
    const incremental = { mode: 'incremental' }
    expect(await made(config('grows', { incremental: '_id' }), incremental)).toHaveLength(2)
    await collection('grows').insertMany([{ v: 3, w: 'new' }])
    const rows = await made(config('grows', { incremental: '_id' }), incremental)
    expect(rows.map(({ v, w }) => [v, w])).toEqual([
      [1, null],
      [2, null],
      [3, 'new'],
    ])
    await collection('times').insertMany([{ at: new Date(1000) }, { at: new Date(2000) }])
    const byTime = config('times', { incremental: 'at', lag: 5 })
    expect(await made(byTime, incremental)).toHaveLength(2)
    await collection('times').insertMany([{ at: new Date(2000) }, { at: new Date(500) }, { at: new Date(9000) }])
    expect((await made(byTime, incremental)).map(({ at }) => at)).toEqual([1000, 2000, 2000, 500, 9000])
  })

  test('lists collections, and says which is not there', async () => {
    await collection('listed').insertOne({ a: 1 })
    const found = await data.sources.discover(project, config('', { collection: undefined }))
    expect(found).toContainEqual({ what: 'collection', title: 'listed', set: { collection: 'listed' } })
    const error = await failure(data.make(config('nowhere')))
    expect(error).toMatchObject({ code: 'source_refused', message: expect.stringContaining('no collection nowhere') })
  })

  test.skipIf(!knowsUsers)('a wrong password', async () => {
    const error = await failure(data.make(config('mixed', { password: { secret: 'wrong' } })))
    expect(error.code).toBe('source_refused')
    expect(error.message).not.toContain('hunter2')
  })

  test('a server that is away', async () => {
    const error = await failure(data.make(config('mixed', { port: 1 })))
    expect(error.code).toBe('source_unreachable')
  })
})

describe.skipIf(redisObstacle)('Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())
  afterEach(() => server.client.flushAll())
  const config = (keys: string, more: object = {}) => ({
    kind: 'redis',
    host: '127.0.0.1',
    port: server.port,
    password: { secret: 'right' },
    keys,
    ...more,
  })

  test('hashes, JSON and other values by a pattern of keys', async () => {
    const { client } = server
    await client.hSet('user:7:a', { name: 'Größe', visits: '3' })
    await client.hSet('user:8:b', { name: 'x', visits: '12', extra: '{"k": 1}' })
    await client.hSet('other:9', { name: 'no' })
    expect(await made(config('user:{id}:{kind}'))).toEqual([
      { _key: 'user:7:a', id: 7, kind: 'a', name: 'Größe', visits: 3, extra: null, _other: null },
      { _key: 'user:8:b', id: 8, kind: 'b', name: 'x', visits: 12, extra: '{"k": 1}', _other: null },
    ])
    await client.set('json:1', '{"a": 1, "b": {"c": [true]}, "big": 12345678901234567890}')
    await client.set('json:2', '{"a": 2.5}')
    expect((await made(config('json:*'))).map(({ a, b, big }) => [a, b, big])).toEqual([
      [1, '{"c":[true]}', '12345678901234567890'],
      [2.5, null, null],
    ])
    await client.rPush('list:1', ['x', 'y'])
    await client.sAdd('list:2', ['b', 'a'])
    await client.zAdd('list:3', { score: 1.5, value: 'm' })
    await client.set('list:4', 'plain')
    expect((await made(config('list:{n}'))).map(({ value }) => value)).toEqual([
      '["x","y"]',
      '["a","b"]',
      '{"m":1.5}',
      'plain',
    ])
    await client.xAdd('log:1', '*', { a: '1' })
    expect(await failure(data.make(config('log:*')))).toMatchObject({
      code: 'source_unreadable',
      message: expect.stringContaining('log:1 is a stream'),
      todo: expect.stringContaining('redis-stream'),
    })
  })

  test('many keys, of which the first say what columns there are', async () => {
    for (let from = 0; from < 3000; from += 1000)
      await Promise.all(
        Array.from({ length: 1000 }, (_, i) =>
          server.client.hSet(`m:${String(from + i).padStart(5, '0')}`, {
            v: String(from + i),
            ...(from + i === 2999 ? { late: 'x' } : {}),
          }),
        ),
      )
    const version = await data.make(config('m:*'), { curate: [{ filter: 'v >= 2998' }] })
    expect(version.counts).toMatchObject({ read: 3000, kept: 2, quarantined: 0 })
    const { rows } = await data.datasets.rows(project, 'rows', version.version)
    expect(rows).toEqual([
      ['m:02998', 2998, null],
      ['m:02999', 2999, '{"late":"x"}'],
    ])
    expect(await data.sources.discover(project, config(''))).toEqual([
      { what: 'keys', title: 'm:*', set: { keys: 'm:*' } },
    ])
  })

  test('a wrong password, a server that is away, one that goes away', async () => {
    const refused = await failure(data.make(config('a:*', { password: { secret: 'wrong' } })))
    expect(refused.code).toBe('source_refused')
    expect(refused.message).not.toContain('hunter2')
    expect((await failure(data.make(config('a:*', { port: 1 })))).code).toBe('source_unreachable')
    await server.client.set('a:1', 'x')
    await data.make(config('a:*'))
    await server.kill()
    expect((await failure(data.make(config('a:*')))).code).toBe('source_unreachable')
    await server.start()
    expect(await made(config('a:*'))).toHaveLength(1)
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

const directory = mkdtempSync(join(tmpdir(), 'kedge-run-table-'))
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

interface Run {
  id: string
  name: string
  params: object
  metrics: object
}

describe.each([
  ['SQLite', () => startTrackingServer(join(directory, 'sqlite'))],
  [
    'PostgreSQL',
    () => startTrackingServer(join(directory, 'postgres'), { store: () => openPostgres(postgres.url(), Date.now) }),
  ],
] as const)('the table of runs on %s', (_, start) => {
  let server: TrackingServer
  const ids: string[] = []
  const base = '/api/v1/projects/default/runs'
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> => {
    const answer = await fetch(`${server.address}${base}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    return { status: answer.status, body: (await answer.json()) as T }
  }
  beforeAll(async () => {
    server = await start()
    const context = { actor: 'test' }
    for (let i = 0; i < 6; i++) {
      const run = await server.tracking.runs.create(context, {
        project: 'default',
        experimentId: '0',
        name: `run-${i}`,
        startTime: i,
      })
      ids.push(run.id)
      await server.tracking.values.log(context, 'default', run.id, {
        metrics: [
          { key: 'a b', step: 0, time: 0, value: i === 5 ? Number.NaN : i },
          ...(i === 0 ? [{ key: 'rare', step: 0, time: 0, value: 1 }] : []),
        ],
        params: [{ key: 'model', value: i % 2 ? 'tree' : 'mlp' }],
        tags: i < 2 ? [{ key: 'team', value: 'red' }] : [],
      })
    }
  })
  afterAll(() => server.stop())

  it('gives pages of runs without what they logged, and tiles of cells beside them', async () => {
    const page = await ask<{ items: Run[]; total: number }>('GET', '?values=false&limit=2&order=attributes.start_time')
    expect(page.body).toMatchObject({
      total: 6,
      items: [
        { name: 'run-0', params: {} },
        { name: 'run-1', metrics: {} },
      ],
    })
    const fields = ['metrics.a b', 'params.model', 'tags.team', 'metrics.none']
    const cells = await ask<{ rows: object }>('POST', '/cells', { runs: [ids[0], ids[5], 'nobody'], fields })
    expect(cells.body.rows).toEqual({ [ids[0]!]: [0, 'mlp', 'red', null], [ids[5]!]: ['NaN', 'tree', null, null] })
    expect((await ask('POST', '/cells', { runs: [ids[0]], fields: ['wrong'] })).status).toBe(400)
  })

  it('counts columns, suggests values, and orders by a key with a space in it', async () => {
    const { body } = await ask<{ items: { kind: string; key: string; runs: number }[]; complete: boolean }>(
      'GET',
      '/columns?experiment=0',
    )
    expect(body.complete).toBe(true)
    expect(body.items).toEqual(
      expect.arrayContaining([
        { kind: 'metric', key: 'a b', runs: 6 },
        { kind: 'metric', key: 'rare', runs: 1 },
        { kind: 'tag', key: 'team', runs: 2 },
      ]),
    )
    expect((await ask('GET', '/columns/values?field=params.model&prefix=T')).body).toEqual({
      items: [{ value: 'tree', runs: 3 }],
    })
    expect((await ask('GET', '/columns/values?field=params.model&prefix=%25')).body).toEqual({ items: [] })
    const order = encodeURIComponent('metrics.`a b` DESC, attributes.run_name')
    const listed = await ask<{ items: string[] }>('GET', `/ids?order=${order}`)
    expect(listed.body.items).toEqual([ids[4], ids[3], ids[2], ids[1], ids[0], ids[5]])
  })

  it('groups runs with the statistics of their metrics, NaN left out', async () => {
    const { body } = await ask<{ items: object[] }>('GET', '/groups?by=params.model,tags.team&metrics=rare')
    expect(body.items).toHaveLength(4)
    const one = (await ask<{ items: object[] }>('GET', '/groups?by=params.model&metrics=a%20b')).body
    expect(one.items).toEqual([
      { values: ['tree'], runs: 3, lastStart: 5, metrics: { 'a b': { runs: 2, mean: 2, least: 1, most: 3 } } },
      { values: ['mlp'], runs: 3, lastStart: 4, metrics: { 'a b': { runs: 3, mean: 2, least: 0, most: 4 } } },
    ])
    expect((await ask('GET', '/groups?by=metrics.rare')).status).toBe(400)
  })

  it('changes many runs at once, and says what a way back needs', async () => {
    const bulk = (body: object) => ask<{ changed: string[]; before: object }>('POST', '/bulk', body)
    expect((await bulk({ action: 'delete', runs: [...ids.slice(0, 2), 'nobody'] })).body.changed.sort()).toEqual(
      ids.slice(0, 2).sort(),
    )
    expect((await bulk({ action: 'delete', runs: ids.slice(0, 3) })).body.changed).toEqual([ids[2]])
    expect((await ask<{ total: number }>('GET', '?values=false')).body.total).toBe(3)
    expect((await bulk({ action: 'restore', runs: ids })).body.changed).toHaveLength(3)
    const tagged = await bulk({ action: 'tag', runs: ids.slice(1, 3), key: 'team', value: 'blue' })
    expect(tagged.body.before).toEqual({ [ids[1]!]: 'red', [ids[2]!]: null })
    await bulk({ action: 'tag', runs: [ids[2]], key: 'team', value: null })
    const cells = await ask<{ rows: object }>('POST', '/cells', { runs: ids.slice(1, 3), fields: ['tags.team'] })
    expect(cells.body.rows).toEqual({ [ids[1]!]: ['blue'], [ids[2]!]: [null] })
    expect((await bulk({ action: 'tag', runs: ids, key: '', value: 'x' })).status).toBe(400)
    expect((await bulk({ action: 'drop', runs: ids })).status).toBe(400)
  })

  it('keeps saved views, and compares runs in the order asked for', async () => {
    await ask('PUT', '/views/best', { query: 'sort=-metrics.a' })
    expect((await ask('PUT', '/views/best', { query: 'sort=metrics.a' })).body).toMatchObject({
      items: [{ name: 'best', query: 'sort=metrics.a', actor: 'local' }],
    })
    expect((await ask('PUT', `/views/${'x'.repeat(101)}`, { query: '' })).status).toBe(400)
    expect((await ask('DELETE', '/views/best')).body).toEqual({ items: [] })
    expect((await ask('DELETE', '/views/best')).status).toBe(404)
    const compared = await ask<{ runs: Run[]; params: object[] }>('GET', `/compare?runs=${ids[3]},${ids[0]}`)
    expect(compared.body.runs.map(({ name }) => name)).toEqual(['run-3', 'run-0'])
    expect(compared.body.params).toEqual([{ key: 'model', values: ['tree', 'mlp'], differs: true }])
    expect((await ask('GET', `/compare?runs=nobody'`)).status).toBe(404)
  })

  it('gives a curve of any range, with the extreme kept, by step and by the time since its beginning', async () => {
    const run = await server.tracking.runs.create({ actor: 'test' }, { project: 'default', experimentId: '0' })
    for (let from = 0; from < 20_000; from += 1000)
      await server.tracking.values.log({ actor: 'test' }, 'default', run.id, {
        metrics: Array.from({ length: 1000 }, (_, i) => ({
          key: 'loss',
          step: from + i,
          time: 5000 + (from + i) * 10,
          value: from + i === 12_345 ? 99 : 1 / (1 + from + i),
        })),
      })
    const curves = (range: object) =>
      ask<{ items: { total: number; within: number; points: { step: number; value: number }[] }[] }>(
        'POST',
        '/curves',
        {
          curves: [
            { run: run.id, key: 'loss' },
            { run: 'nobody', key: 'loss' },
          ],
          points: 100,
          ...range,
        },
      ).then(({ body }) => body.items)
    const [whole, missing] = await curves({})
    expect(whole).toMatchObject({ total: 20_000, within: 20_000 })
    expect(whole!.points.length).toBeLessThanOrEqual(120)
    expect(whole!.points).toContainEqual(expect.objectContaining({ step: 12_345, value: 99 }))
    expect(missing).toMatchObject({ total: 0, points: [] })
    const [part] = await curves({ from: 12_340, to: 12_350 })
    expect(part!.within).toBe(11)
    expect(part!.points.map(({ step }) => step)).toEqual(Array.from({ length: 13 }, (_, i) => 12_339 + i))
    expect((await curves({ axis: 'elapsed', from: 100, to: 200 }))[0]!.within).toBe(11)
    // what is logged later is there, though the points before are held in memory
    await server.tracking.values.log({ actor: 'test' }, 'default', run.id, {
      metrics: [{ key: 'loss', step: 20_000, time: 300_000, value: -7 }],
    })
    expect((await curves({}))[0]!.points.at(-1)).toMatchObject({ step: 20_000, value: -7 })
  })
})

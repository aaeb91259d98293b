import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { createHttpServer } from '../../src/protocols/http-server.ts'
import { dataRoutes } from '../../src/protocols/kedge/data-routes.ts'
import { type OpenedData, openData, project } from './open-data.ts'
import { sqlStores, type TestSql } from './sql-stores.ts'

describe.each(sqlStores)('data routes with %s', (_store, openSql) => {
  let data: OpenedData
  let sql: TestSql
  let app: FastifyInstance
  const base = `/api/v1/projects/${project}`

  async function call(method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, payload?: object, token = 'writer') {
    const response = await app.inject({
      method,
      url: base + url,
      ...(payload ? { payload } : {}),
      headers: { authorization: `Bearer ${token}`, host: 'localhost' },
    })
    return { status: response.statusCode, body: response.json() }
  }

  beforeAll(async () => {
    sql = await openSql()
    data = await openData({ ...(sql.url === undefined ? {} : { sql: sql.url }) })
    app = createHttpServer({
      log: silentLog,
      allowedHosts: new Set(['localhost']),
      identify: async (authorization) => ({
        actor: 'user/ada',
        may: (permission) => permission === 'read' || authorization === 'Bearer writer',
      }),
    })
    dataRoutes(app, { data })
    data.environment.jobs.start()
    writeFileSync(join(data.folder, 'a.csv'), 'id,name,day\n1,x,2001-01-01\n2,y,2001-01-02\n3,,2001-01-03\n4,z,soon\n')
  })
  afterAll(async () => {
    await app.close()
    await data.close()
    await sql.stop()
  })

  async function materialise(body: object = {}) {
    const { status, body: answer } = await call('POST', '/datasets/people/materialise', body)
    expect(status).toBe(202)
    return data.environment.jobs.wait(answer.jobId)
  }

  describe('REST', () => {
    test('declares sources and tries them', async () => {
      const path = join(data.folder, 'a.csv')
      expect(await call('PUT', '/sources/files', { kind: 'csv', path, columns: { day: 'date' } })).toMatchObject({
        status: 200,
        body: { name: 'files', kind: 'csv' },
      })
      expect((await call('GET', '/sources')).body.items).toHaveLength(1)
      expect((await call('POST', '/sources/files/test')).body).toMatchObject({
        ok: true,
        schema: [
          { name: 'id', type: 'int' },
          { name: 'name', type: 'text' },
          { name: 'day', type: 'date' },
        ],
      })
      expect((await call('POST', '/sources/test', { kind: 'csv', path: '/nowhere.csv' })).body).toMatchObject({
        ok: false,
        error: { code: 'not_found' },
      })
      expect((await call('GET', '/sources/files/preview?limit=1')).body).toEqual({
        found: expect.any(Object),
        columns: [
          { name: 'id', type: 'int' },
          { name: 'name', type: 'text' },
          { name: 'day', type: 'date' },
        ],
        rows: [[1, 'x', Date.UTC(2001, 0, 1)]],
        total: null,
      })
    })

    test('declares datasets and makes versions', async () => {
      expect((await call('PUT', '/datasets/people', { from: 'files', time: 'day' })).body).toMatchObject({
        name: 'people',
        latest: null,
        versions: 0,
      })
      await materialise()
      await materialise({ from: Date.UTC(2001, 0, 1), to: Date.UTC(2001, 0, 2), label: 'first day' })
      const { body } = await call('GET', '/datasets/people')
      expect(body).toMatchObject({
        versions: 2,
        latest: { version: 2, rowCount: 1, label: 'first day', actor: 'user/ada' },
      })
      expect((await call('GET', '/datasets')).body.items).toHaveLength(1)
      const list = (await call('GET', '/datasets/people/versions?limit=1')).body
      expect(list).toMatchObject({ total: 2, items: [{ version: 2 }] })
      expect(list.items[0].profile).toBeUndefined()
    })

    test('shows a version, its rows, its quarantine, its profile, a diff', async () => {
      const { body: version } = await call('GET', '/datasets/people/versions/1')
      expect(version).toMatchObject({
        version: 1,
        rowCount: 3,
        counts: { read: 4, kept: 3, quarantined: 1, removed: 0 },
        quarantine: { rows: 1 },
        profile: { rows: 3 },
        eventId: expect.any(Number),
      })
      expect((await call('GET', '/datasets/people/versions/1/rows?limit=2&offset=1')).body).toMatchObject({
        rows: [
          [2, 'y', Date.UTC(2001, 0, 2)],
          [3, null, Date.UTC(2001, 0, 3)],
        ],
        total: 3,
      })
      const { body: quarantine } = await call('GET', '/datasets/people/versions/1/quarantine')
      expect(quarantine.rows).toEqual([['4', 'z', 'soon', 3, 0, 'read', 'day is not a date', 'soon']])
      expect((await call('GET', '/datasets/people/versions/latest/quarantine')).body.total).toBe(1)
      expect((await call('GET', '/datasets/people/versions/1/profile')).body.columns).toHaveLength(3)
      expect((await call('GET', '/datasets/people/versions/1/diff/2')).body).toMatchObject({
        rows: { a: 3, b: 1, common: 1, added: 0, removed: 2 },
      })
    })

    test('previews steps on some rows: what each does to rows and to a column', async () => {
      const spec = {
        from: 'files',
        curate: [
          { filter: 'id > 1' },
          { cast: { id: 'float' } },
          { derive: { id: 'id * 10' } },
          { check: { that: 'name is not null' } },
        ],
      }
      const { status, body } = await call('POST', '/datasets/preview', { spec, column: 'id' })
      expect(status).toBe(200)
      expect(body.sampled).toBe(4)
      expect(
        body.steps.map((step: { in: number; out: number; quarantined: number }) => [
          step.in,
          step.out,
          step.quarantined,
        ]),
      ).toEqual([
        [4, 3, 1],
        [3, 2, 0],
        [2, 2, 0],
        [2, 2, 0],
        [2, 1, 1],
      ])
      expect(body.steps[3].histogram).toMatchObject({ before: [0, 1, 1, 0, 0], after: [0, 0, 0, 1, 1] })
      expect(body.rows).toEqual([[20, 'y', Date.UTC(2001, 0, 2)]].map(([id, name, day]) => [name, day, id]))
      expect(body.quarantine).toEqual([
        { row: 2, step: 4, operation: 'check', reason: 'not: name is not null', value: null },
        { row: 3, step: 0, operation: 'read', reason: 'day is not a date', value: 'soon' },
      ])
      expect(
        await call('POST', '/datasets/preview', { spec: { from: 'files', curate: [{ filter: 'ix > 1' }] } }),
      ).toMatchObject({
        status: 400,
        body: { error: { message: expect.stringContaining('there is no column ix; did you mean id?') } },
      })
    })

    test('shows the SQL of a dataset', async () => {
      const { body } = await call('GET', '/datasets/people/sql')
      expect(body.steps.map(({ operation }: { operation: string }) => operation)).toEqual(['read'])
      expect(body.sql).toMatch(/^SELECT CAST\(/)
    })

    test('says what is wrong', async () => {
      expect(await call('GET', '/datasets/nothing')).toMatchObject({
        status: 404,
        body: { error: { code: 'not_found' } },
      })
      expect(await call('GET', '/datasets/people/versions/9')).toMatchObject({ status: 404 })
      for (const time of ['1.8e308', '-1.79e308', 'NaN', '1.5'])
        expect(await call('GET', `/datasets/people/as-of?time=${time}`)).toMatchObject({ status: 400 })
      expect(await call('GET', `/datasets/people/as-of?time=8640000000000000`)).toMatchObject({ status: 200 })
      expect(await call('GET', '/datasets/people/versions/1/diff/1')).toMatchObject({ status: 400 })
      expect(await call('POST', '/datasets/people/materialise', { from: 1 })).toMatchObject({ status: 400 })
      expect(await call('PUT', '/datasets/people', { from: 'nowhere' })).toMatchObject({
        status: 400,
        body: { error: { message: expect.stringContaining('no source nowhere') } },
      })
      expect(await call('PUT', '/sources/Bad!', { kind: 'csv', path: 'x' })).toMatchObject({ status: 400 })
      expect(await call('PUT', '/sources/other', { kind: 'csv' })).toMatchObject({
        status: 400,
        body: { error: { message: expect.stringContaining('exactly one of path and url') } },
      })
      expect(await call('DELETE', '/sources/files')).toMatchObject({ status: 409 })
    })

    test('a command is declared by who may apply the project file, not by who may write data', async () => {
      const spec = { from: 'files', curate: [{ run: { command: 'true' } }] }
      expect(await call('PUT', '/datasets/commands', spec)).toMatchObject({ status: 403 })
      expect((await call('GET', '/datasets/commands')).status).toBe(404)
    })

    test('readers may look, not change', async () => {
      expect((await call('GET', '/datasets', undefined, 'reader')).status).toBe(200)
      expect((await call('PUT', '/datasets/people', { from: 'files' }, 'reader')).status).toBe(403)
      expect((await call('POST', '/sources/files/test', undefined, 'reader')).status).toBe(403)
    })

    test('removes what nothing needs; versions stay', async () => {
      expect((await call('DELETE', '/datasets/people')).status).toBe(200)
      expect((await call('DELETE', '/sources/files')).status).toBe(200)
      expect((await call('GET', '/datasets/people/versions/1')).body.version).toBe(1)
    })
  })
})

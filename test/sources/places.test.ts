import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { places } from '../../src/adapters/places/index.generated.ts'
import { createAddressGuard } from '../../src/data/source/address-guard.ts'
import { createPlaceFiles, type PlaceFilesOptions } from '../../src/data/source/place-files.ts'
import { by, type OpenedData, openData, project } from '../data/open-data.ts'
import { asRecords, knownConfig } from '../mainframe/known-records.ts'
import { failure } from './failure.ts'
import { knownRows } from './known-rows.ts'
import { type Mood, type PlaceServer, placeServers, startMoody } from './place-servers.ts'

const folder = mkdtempSync(join(tmpdir(), 'kedge-places-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const open = (options: Partial<PlaceFilesOptions> = {}) =>
  createPlaceFiles({
    folder: mkdtempSync(join(folder, 'copies-')),
    places,
    guard: createAddressGuard({ allowHosts: ['127.0.0.1'] }),
    secret: async () => '',
    pauses: [1, 1, 1],
    ...options,
  })

describe.each(Object.entries(placeServers))('files by %s', (name, start) => {
  let data: OpenedData
  let server: PlaceServer | undefined
  beforeAll(async () => {
    server = await start(mkdtempSync(join(folder, 'server-')))
    data = await openData({
      secret: async (_, secret) => {
        const value = server?.secrets[secret]
        if (value === undefined) throw new Error(`no secret ${secret}`)
        return value
      },
    })
  }, 120_000)
  afterAll(async () => {
    await server?.stop()
    await data.close()
  })
  const rowsOf = async (source: object) => {
    const version = await data.make(source)
    return { version, rows: (await data.datasets.rows(project, 'rows', version.version)).rows }
  }

  test('one file; the same file is the same version, another one is not', async (context) => {
    if (!server) return context.skip()
    await server.put('one.csv', 'a,b\n1,x\n2,y\n')
    const source = { kind: 'csv', url: server.url('one.csv'), access: server.access }
    const first = await rowsOf(source)
    expect(first.rows).toEqual([
      [1, 'x'],
      [2, 'y'],
    ])
    expect((await data.make(source)).version).toBe(first.version.version)
    await server.put('one.csv', 'a,b\n1,x\n2,y\n33,zz\n')
    expect((await rowsOf(source)).rows).toHaveLength(3)
  })

  test('a pattern over folders: only what changed is fetched again, what is gone is gone', async (context) => {
    if (!server) return context.skip()
    const day = (i: number) => `by/day=2001-01-0${i}/part é ${i}.csv`
    for (const i of [1, 2, 3]) await server.put(day(i), `a\n${i}\n`)
    await server.put('by/other.txt', 'no csv')
    const source = { kind: 'csv', url: server.url('by/day=*/*.csv'), access: server.access }
    expect((await rowsOf(source)).rows).toEqual([1, 2, 3].map((i) => [i, Date.UTC(2001, 0, i)]))
    await server.put(day(2), 'a\n22\n')
    await server.remove(day(3))
    expect((await rowsOf(source)).rows).toEqual([
      [1, Date.UTC(2001, 0, 1)],
      [22, Date.UTC(2001, 0, 2)],
    ])
  })

  test('Parquet, and records of a mainframe', async (context) => {
    if (!server) return context.skip()
    const path = join(data.folder, 'a.parquet')
    await data.environment.events.command(
      `INSERT INTO FUNCTION file('${path}', Parquet) SELECT toInt64(number) AS a FROM numbers(70000)`,
    )
    await server.put('a.parquet', readFileSync(path))
    const parquet = await data.make({ kind: 'parquet', url: server.url('a.parquet'), access: server.access })
    expect(parquet.rowCount).toBe(70_000)
    await server.put('known.ebcdic', asRecords(knownRows))
    const records = await data.make({ ...knownConfig, url: server.url('known.ebcdic'), access: server.access })
    expect(records.rowCount).toBe(knownRows.length)
  })

  test('what is not there, a pattern that finds nothing, a wrong secret', async (context) => {
    if (!server) return context.skip()
    const source = (file: string) => ({ kind: 'csv', url: server!.url(file), access: server!.access })
    expect(await failure(data.make(source('absent.csv')))).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('absent.csv'),
    })
    expect(await failure(data.make(source('absent*.csv')))).toMatchObject({ code: 'not_found' })
    const [secret] = Object.keys(server.secrets)
    // the S3 server of the tests lets everybody in
    if (!secret || name === 's3') return
    const right = server.secrets[secret]!
    server.secrets[secret] = name === 'azure' ? Buffer.from('wrong').toString('base64') : 'wrong'
    const error = await failure(data.make(source('one.csv')))
    server.secrets[secret] = right
    expect(error.code).toBe('source_refused')
    expect(JSON.stringify(error)).not.toContain(right.slice(0, 40))
  })

  test('the address of the server is guarded', async (context) => {
    if (!server) return context.skip()
    const files = open({
      guard: createAddressGuard({ allowHosts: [] }),
      secret: async (_, one) => server!.secrets[one]!,
    })
    const at = { url: server.url('one.csv'), access: server.access }
    expect(await failure(files.fetch(project, at, false))).toMatchObject({ code: 'address_guarded' })
  })
})

describe('SFTP', () => {
  test('another key of the host than the declared one is refused, and both are named', async (context) => {
    const server = await placeServers.sftp!(mkdtempSync(join(folder, 'server-')))
    if (!server) return context.skip()
    try {
      await server.put('a.csv', 'a\n1\n')
      const hostKey = `SHA256:${'A'.repeat(43)}`
      const files = open({ secret: async (_, one) => server.secrets[one]! })
      const at = { url: server.url('a.csv'), access: { ...server.access, host_key: hostKey } }
      const error = await failure(files.fetch(project, at, false))
      expect(error).toMatchObject({
        code: 'source_refused',
        message: expect.stringContaining(String(server.access.host_key)),
      })
    } finally {
      await server.stop()
    }
  })
})

describe('a server in a mood', () => {
  const file = join(folder, 'large.csv')
  const body = `a\n${Array.from({ length: 200_000 }, (_, i) => i).join('\n')}\n`
  const digest = createHash('sha256').update(body).digest('hex')
  beforeAll(() => writeFileSync(file, body))

  const cases: [string, Mood[], (number | string | undefined)[]][] = [
    ['503 twice', [{ status: 503 }, { status: 503 }], [undefined, undefined, undefined]],
    ['half, and half of the rest', [{ breakAfter: 600_000 }, { breakAfter: 100_000 }], [undefined, 'some', 'some']],
    ['nothing more after a while', [{ hangAfter: 70_000 }], [undefined, 'some']],
    ['half, then 503', [{ breakAfter: 600_000 }, { status: 503 }], [undefined, 'some', 'some']],
  ]
  test.each(cases)('%s: the file comes whole', async (_, moods, ranges) => {
    const server = await startMoody(file, [...moods])
    try {
      const found = await open({ patience: 300 }).fetch(project, { url: server.url }, false)
      expect(await found.digest()).toBe(digest)
      expect(createHash('sha256').update(readFileSync(found.path)).digest('hex')).toBe(digest)
      expect(server.asked.map(({ range }) => range && 'some')).toEqual(ranges)
    } finally {
      await server.close()
    }
  })

  test('a file that is replaced meanwhile is read anew', async () => {
    const server = await startMoody(file, [{ breakAfter: 600_000 }])
    try {
      const files = open()
      const fetching = files.fetch(project, { url: server.url }, false)
      await expect.poll(() => server.asked.length, { interval: 1 }).toBe(1)
      Object.assign(server.state, { body: Buffer.from('a\n7\n'), etag: '"2"' })
      expect(readFileSync((await fetching).path, 'utf8')).toBe('a\n7\n')
    } finally {
      await server.close()
    }
  })

  test('a server without ranges sends everything again', async () => {
    const server = await startMoody(file, [{ breakAfter: 600_000 }])
    server.state.ranges = false
    try {
      const found = await open().fetch(project, { url: server.url }, false)
      expect(createHash('sha256').update(readFileSync(found.path)).digest('hex')).toBe(digest)
    } finally {
      await server.close()
    }
  })

  test('one that never gets well is unreachable, and nothing stays', async () => {
    const server = await startMoody(
      file,
      Array.from({ length: 9 }, () => ({ breakAfter: 1000 })),
    )
    try {
      const error = await failure(open().fetch(project, { url: `${server.url}?key=hidden` }, false))
      expect(error).toMatchObject({ code: 'source_unreachable', message: expect.not.stringContaining('hidden') })
      expect(server.asked).toHaveLength(4)
    } finally {
      await server.close()
    }
  })
})

describe('addresses', () => {
  let url: string
  let port: number
  let asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`)
    if (request.url === '/inside') response.writeHead(302, { location: `http://inside.test:${port}/secret` }).end()
    else if (request.url === '/elsewhere') response.writeHead(302, { location: `http://127.0.0.1:${port}/plain` }).end()
    else response.end('a\n1\n')
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as { port: number }).port
    url = `http://allowed.test:${port}`
  })
  afterAll(() => void server.close())

  test('a redirect to a host inside is refused before it is called', async () => {
    const guard = createAddressGuard({ allowHosts: ['allowed.test'], resolve: async () => ['127.0.0.1'] })
    asked = []
    expect(await failure(open({ guard }).fetch(project, { url: `${url}/inside` }, false))).toMatchObject({
      code: 'address_guarded',
    })
    expect(asked).toHaveLength(1)
  })

  test('a name that is bound anew after the check does not matter: the checked address is called', async () => {
    let answers = 0
    const resolve = async () => (answers++ === 0 ? ['127.0.0.1'] : ['192.0.2.1'])
    const guard = createAddressGuard({ allowHosts: ['allowed.test'], resolve })
    const file = await open({ guard }).fetch(project, { url: `${url}/plain.csv` }, false)
    expect(file.path).toMatch(/\.csv$/)
    expect(answers).toBe(1)
  })

  test('a declared header goes to the host of the address and to no other', async () => {
    const guard = createAddressGuard({ allowHosts: ['*'], resolve: async () => ['127.0.0.1'] })
    asked = []
    const at = { url: `${url}/elsewhere`, access: { headers: { authorization: { secret: 'token' } } } }
    await open({ guard, secret: async () => 'Bearer hush' }).fetch(project, at, false)
    expect(asked).toEqual(['/elsewhere Bearer hush', '/plain undefined'])
  })

  test('more than the limit, a password in the address, an address of no place', async () => {
    const guard = createAddressGuard({ allowHosts: ['*'], resolve: async () => ['127.0.0.1'] })
    const fetch = (address: string, options = {}) =>
      failure(open({ guard, ...options }).fetch(project, { url: address }, false))
    expect(await fetch(`${url}/large`, { limit: 3 })).toMatchObject({ code: 'too_large' })
    expect(await fetch(`http://user:hidden@allowed.test:${port}/x`)).toMatchObject({
      code: 'source_refused',
      message: expect.not.stringContaining('hidden'),
    })
    expect(await fetch('file:///etc/passwd')).toMatchObject({ code: 'invalid_input' })
  })

  test('a declaration says which field of an access does not fit its address', async () => {
    const data = await openData()
    const wrong = (config: object) => failure(data.sources.put(by, project, 'input', { kind: 'csv', ...config }))
    try {
      expect((await wrong({ url: 's3://b/k', access: { host_key: 'x' } })).message).toMatch(/host_key/)
      expect((await wrong({ url: 'sftp://h/k' })).message).toMatch(/access\.user/)
      expect((await wrong({ path: 'a.csv', access: { user: 'x' } })).message).toMatch(/access/)
      expect((await wrong({ url: 'gopher://h/k' })).message).toMatch(/s3:\/\/BUCKET/)
    } finally {
      await data.close()
    }
  })
})

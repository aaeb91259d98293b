import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import postgresChanges from '../../src/adapters/streams/postgres-changes/postgres-changes.ts'
import type { StreamFeed } from '../../src/contracts/stream-source.ts'
import { by, project } from '../data/open-data.ts'
import { type PostgresServer, postgresPrograms, startPostgres } from '../servers/postgres.ts'
import { openStreams, type StreamStand } from './stand.ts'

if (!postgresPrograms()) process.stderr.write('PostgreSQL is not installed (Debian: apt-get install postgresql)\n')

describe.skipIf(!postgresPrograms())('changes of a PostgreSQL table', () => {
  let server: PostgresServer
  let client: pg.Client
  let stand: StreamStand
  beforeAll(async () => {
    server = await startPostgres({ wal_level: 'logical', max_replication_slots: '20', max_wal_senders: '20' })
    client = new pg.Client({ connectionString: server.url() })
    await client.connect()
    stand = await openStreams()
  })
  afterAll(async () => {
    await stand.close()
    await client.end()
    await server.stop()
  })
  const config = (table: string, more: object = {}) => ({
    kind: 'postgres-changes',
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    table,
    user: 'kedge',
    land: { seconds: 0.2 },
    ...more,
  })
  const sql = (text: string, values?: unknown[]) => client.query(text, values)
  const caughtUp = async (name: string, landed: number) =>
    stand.until(name, (state) => state.landed === landed && state.buffered.rows === 0)
  const current = async (name: string, columns: string[]) => {
    const { rows, columns: found } = await stand.sources.preview(project, name, 1_000_000)
    const places = columns.map((column) => found.findIndex((one) => one.name === column))
    return rows.map((row) => places.map((place) => row[place])).sort((a, b) => Number(a[0]) - Number(b[0]))
  }

  it('lands the table as it is, then every change, and datasets read its current rows', async () => {
    await sql(`CREATE TABLE orders (id bigint PRIMARY KEY, name text, amount numeric(20,4), paid boolean, day date,
      at timestamptz, note text); ALTER TABLE orders ALTER note SET STORAGE EXTERNAL`)
    const large = 'x'.repeat(5000)
    for (let id = 1; id <= 5; id++)
      await sql('INSERT INTO orders VALUES ($1, $2, 1.5, true, $3, $4, $5)', [
        id, `n${id}`, '2001-02-03', '2001-02-03 04:05:06.789012+02', large,
      ]) // biome-ignore format: a row
    await stand.declare('orders', config('orders'))
    await caughtUp('orders', 7)
    expect(await stand.sources.columns(project, 'orders')).toEqual([
      { name: '_sequence', type: 'int' },
      { name: '_received_at', type: 'time' },
      { name: 'id', type: 'int' },
      { name: 'name', type: 'text' },
      { name: 'amount', type: 'float' },
      { name: 'paid', type: 'bool' },
      { name: 'day', type: 'date' },
      { name: 'at', type: 'time' },
      { name: 'note', type: 'text' },
    ])
    await sql(`BEGIN; UPDATE orders SET name = NULL, paid = false WHERE id = 1; DELETE FROM orders WHERE id = 2;
      UPDATE orders SET id = 30 WHERE id = 3; INSERT INTO orders (id, name) VALUES (6, 'Größe 日本'), (2, 'again'); COMMIT`)
    await caughtUp('orders', 13)
    const day = Date.UTC(2001, 1, 3)
    const at = Date.UTC(2001, 1, 3, 2, 5, 6, 789)
    expect(await current('orders', ['id', 'name', 'amount', 'paid', 'day', 'at', 'note'])).toEqual([
      [1, null, 1.5, false, day, at, large],
      [2, 'again', null, null, null, null, null],
      [4, 'n4', 1.5, true, day, at, large],
      [5, 'n5', 1.5, true, day, at, large],
      [6, 'Größe 日本', null, null, null, null, null],
      [30, 'n3', 1.5, true, day, at, large],
    ])
    const version = await stand.make(config('orders', { slot: 'second' }), {}).catch((error) => error)
    expect(version.code).toBe('conflict')
  })

  it('keeps the history for datasets that ask for it', async () => {
    await sql('CREATE TABLE history (id int PRIMARY KEY, v text); INSERT INTO history VALUES (1, $$a$$)')
    await stand.declare('history', config('history', { rows: 'changes' }))
    await caughtUp('history', 3)
    await sql(
      'UPDATE history SET v = $$b$$; DELETE FROM history; INSERT INTO history VALUES (2, $$c$$); TRUNCATE history',
    )
    await caughtUp('history', 7)
    const rows = await stand.landed('history', ['_operation', 'id', 'v', '_transaction'])
    expect(rows.map((row) => row.slice(0, 3))).toEqual([
      ['snapshot', 1, 'a'],
      ['update', 1, 'b'],
      ['delete', 1, null],
      ['insert', 2, 'c'],
      ['truncate', null, null],
    ])
    expect(new Set(rows.slice(1).map((row) => row[3])).size).toBe(1)
    await stand.sources.put(by, project, 'history', config('history', { rows: 'current' }))
    expect(await current('history', ['id'])).toEqual([])
    await sql('INSERT INTO history VALUES (3, $$d$$)')
    await caughtUp('history', 8)
    expect(await current('history', ['id', 'v'])).toEqual([[3, 'd']])
  })

  it('takes new columns and other types of a table, and its old tuples where it has no key', async () => {
    await sql(`CREATE TABLE wide (a int, b text); ALTER TABLE wide REPLICA IDENTITY FULL;
      ALTER TABLE wide ALTER b SET STORAGE EXTERNAL; INSERT INTO wide VALUES (1, repeat($$y$$, 4000))`)
    await stand.declare('wide', config('wide', { key: ['a'] }))
    await caughtUp('wide', 3)
    await sql(
      'ALTER TABLE wide ADD c double precision; INSERT INTO wide VALUES (2, $$q$$, 0.1); UPDATE wide SET c = 3 WHERE a = 1',
    )
    await caughtUp('wide', 5)
    expect(await current('wide', ['a', 'b', 'c'])).toEqual([
      [1, 'y'.repeat(4000), 3],
      [2, 'q', 0.1],
    ])
    await sql('ALTER TABLE wide DROP c; ALTER TABLE wide ALTER a TYPE text; UPDATE wide SET a = $$z$$ WHERE a = $$2$$')
    await caughtUp('wide', 7)
    const rows = await stand.sources.preview(project, 'wide', 10)
    expect(rows.columns.find(({ name }) => name === 'a')?.type).toBe('text')
    expect((await current('wide', ['a'])).map(([a]) => a).sort()).toEqual(['1', 'z'])
  })

  it('goes on within a transaction of which some rows are landed', async () => {
    await sql('CREATE TABLE large (id int PRIMARY KEY)')
    const connected = Promise.withResolvers<void>()
    /** Reads from a place; `at`: the row after which the place is asked for. */
    async function read(position: unknown, at: number) {
      const ids: number[] = []
      const there = Promise.withResolvers<unknown>()
      const feed: StreamFeed = await postgresChanges.open!(
        postgresChanges.config.parse(config('large')),
        position,
        {
          take({ row }) {
            if (row?.id === undefined) return
            ids.push(Number(row.id))
            if (Number(row.id) === at) there.resolve(feed.mark().position)
          },
          repeated() {},
          connection: (state) => state === 'connected' && connected.resolve(),
        },
        { identity: 'kedge-large', checkedHost: async (host) => host, secret: async () => '' },
      )
      return { ids, there: there.promise, feed }
    }
    const first = await read(null, 2000)
    await connected.promise
    await sql('INSERT INTO large SELECT generate_series(1, 5000)')
    const position = JSON.parse(JSON.stringify(await first.there))
    await first.feed.close()
    const second = await read(position, 5001)
    await sql('INSERT INTO large VALUES (5001)')
    await second.there
    await second.feed.close()
    await second.feed.forget!()
    expect(second.ids).toEqual(Array.from({ length: 3001 }, (_, i) => 2001 + i))
    expect((await sql('SELECT 1 FROM pg_replication_slots WHERE slot_name = $$kedge_large$$')).rowCount).toBe(0)
  })

  it('says what is wrong: no logical log, no table, no key, no right, a wrong password', async () => {
    await sql(`CREATE TABLE nokey (a int); CREATE TABLE secret (a int PRIMARY KEY);
      CREATE ROLE reader LOGIN REPLICATION; CREATE ROLE nobody LOGIN`)
    const problem = async (name: string, more: object, text: RegExp) => {
      await stand.sources.put(by, project, name, config('secret', more))
      const state = await stand.until(name, ({ problem }) => problem !== null)
      expect(state.problem).toMatch(text)
      await stand.sources.remove(by, project, name)
    }
    await problem('bad-table', { table: 'nowhere' }, /there is no table public\.nowhere/)
    await problem('bad-key', { table: 'nokey' }, /nothing that names a row.*primary key/s)
    await problem('bad-right', { user: 'reader' }, /refused.*permission denied|must be owner/s)
    await problem('bad-user', { user: 'unknown' }, /refused: role "unknown" does not exist/)
    await problem('bad-port', { port: 1 }, /cannot be reached/)
    expect(
      (await sql('SELECT 1 FROM pg_publication_tables WHERE tablename IN ($$nokey$$, $$nowhere$$)')).rowCount,
    ).toBe(0)
  })

  it('tells that changes are lost, and reads the table again when it is told to', async () => {
    await sql('CREATE TABLE lost (id int PRIMARY KEY, v int); INSERT INTO lost VALUES (1, 1), (2, 1)')
    await stand.declare('lost', config('lost', { slot: 'lost_slot' }))
    await caughtUp('lost', 4)
    await stand.streams.pause(by, project, 'lost')
    await stand.until('lost', ({ connection }) => connection === 'stopped')
    const active = async () =>
      (await sql('SELECT 1 FROM pg_replication_slots WHERE slot_name = $$lost_slot$$ AND active')).rowCount
    await expect.poll(active).toBe(0)
    await sql('SELECT pg_drop_replication_slot($$lost_slot$$)')
    await sql('DELETE FROM lost WHERE id = 2; UPDATE lost SET v = 2')
    await stand.streams.resume(by, project, 'lost')
    const state = await stand.until('lost', ({ problem }) => problem !== null)
    expect(state.problem).toMatch(/no longer there: there is no replication slot lost_slot.*snapshot/s)
    expect(await current('lost', ['id', 'v'])).toEqual([
      [1, 1],
      [2, 1],
    ])
    await stand.sources.put(by, project, 'lost', config('lost', { slot: 'lost_slot', snapshot: 2 }))
    await caughtUp('lost', 7)
    expect(await current('lost', ['id', 'v'])).toEqual([[1, 2]])
  })

  it('leaves nothing at the server when it is removed', async () => {
    await sql('CREATE TABLE gone (id int PRIMARY KEY)')
    await stand.declare('gone', config('gone', { slot: 'gone_slot' }))
    const slots = async () => (await sql('SELECT 1 FROM pg_replication_slots WHERE slot_name = $$gone_slot$$')).rowCount
    const publications = async () =>
      (await sql('SELECT 1 FROM pg_publication_tables WHERE tablename = $$gone$$')).rowCount
    await stand.until('gone', ({ landed }) => landed === 2)
    expect([await slots(), await publications()]).toEqual([1, 1])
    await stand.sources.remove(by, project, 'gone')
    await expect.poll(async () => [await slots(), await publications()], { timeout: 10_000 }).toEqual([0, 0])
  })
})

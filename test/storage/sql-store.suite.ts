import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'

/** What every SQL store does; `open` gives a second handle on the same data where the kind allows it. */
export function sqlStoreSuite(kind: string, open: () => Promise<SqlStore>): void {
  describe(`SQL store: ${kind}`, () => {
    let store: SqlStore
    beforeAll(async () => {
      store = await open()
    })
    afterAll(async () => {
      await store.close()
    })

    const names = async () =>
      (await store.read.selectFrom('projects').select('name').orderBy('name').execute()).map((row) => row.name)
    const insert = (name: string) =>
      store.write(({ db, now }) => db.insertInto('projects').values({ name, created_at: now }).execute())

    it('shows a write to readers once it has resolved', async () => {
      await insert('a')
      expect(await names()).toContain('a')
    })

    it('undoes a unit that throws, alone, and gives its error to its caller', async () => {
      const outcomes = await Promise.allSettled([
        insert('good-1'),
        store.write(async ({ db, now }) => {
          await db.insertInto('projects').values({ name: 'bad', created_at: now }).execute()
          throw new Error('no')
        }),
        insert('good-2'),
        insert('a'),
      ])
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
      expect((outcomes[1] as PromiseRejectedResult).reason.message).toBe('no')
      expect(await names()).toEqual(expect.arrayContaining(['good-1', 'good-2']))
      expect(await names()).not.toContain('bad')
    })

    it('keeps a unit unseen until its commit', async () => {
      let during: string[] = []
      await store.write(async ({ db, now }) => {
        await db.insertInto('projects').values({ name: 'hidden', created_at: now }).execute()
        during = await names()
      })
      expect(during).not.toContain('hidden')
      expect(await names()).toContain('hidden')
    })

    it('returns numbers for 64-bit integers, exact up to 2^53', async () => {
      await store.write(({ db }) =>
        db.insertInto('projects').values({ name: 'big', created_at: Number.MAX_SAFE_INTEGER }).execute(),
      )
      const row = await store.read
        .selectFrom('projects')
        .selectAll()
        .where('name', '=', 'big')
        .executeTakeFirstOrThrow()
      expect(row.created_at).toBe(Number.MAX_SAFE_INTEGER)
    })

    it('serialises units that hold the same lock', async () => {
      await store.write(({ db }) => db.insertInto('projects').values({ name: 'counter', created_at: 0 }).execute())
      await Promise.all(
        Array.from({ length: 50 }, () =>
          store.write(async ({ db, lock }) => {
            await lock('counter')
            const { created_at } = await db
              .selectFrom('projects')
              .select('created_at')
              .where('name', '=', 'counter')
              .executeTakeFirstOrThrow()
            await db
              .updateTable('projects')
              .set({ created_at: created_at + 1 })
              .where('name', '=', 'counter')
              .execute()
          }),
        ),
      )
      const row = await store.read
        .selectFrom('projects')
        .selectAll()
        .where('name', '=', 'counter')
        .executeTakeFirstOrThrow()
      expect(row.created_at).toBe(50)
    })

    it('runs callbacks of a commit only when it happened', async () => {
      const seen: string[] = []
      await store.write(async ({ onCommit }) => onCommit(() => seen.push('done')))
      await store
        .write(async ({ onCommit }) => {
          onCommit(() => seen.push('never'))
          throw new Error('no')
        })
        .catch(() => {})
      expect(seen).toEqual(['done'])
    })

    it('refuses a bad statement without hurting its neighbours', async () => {
      const [bad, good] = await Promise.allSettled([
        store.write(({ db }) => sql`SELECT * FROM nowhere`.execute(db)),
        insert('neighbour'),
      ])
      expect(bad.status).toBe('rejected')
      expect(good.status).toBe('fulfilled')
    })
  })
}

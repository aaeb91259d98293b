import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DatasetVersion } from '../../src/data/version/dataset-version.ts'
import { by, type OpenedData, openData, project } from './open-data.ts'
import { sqlStores, type TestSql } from './sql-stores.ts'

describe.each(sqlStores)('dataset versions with %s', (_store, openSql) => {
  let data: OpenedData
  let sql: TestSql
  let now = Date.UTC(2030, 0, 1)
  beforeAll(async () => {
    sql = await openSql()
    data = await openData({ clock: () => now, ...(sql.url === undefined ? {} : { sql: sql.url }) })
  })
  afterAll(async () => {
    await data.close()
    await sql.stop()
  })

  /** A version of `big` from rows that the engine makes. */
  async function big(select: string, spec: object = {}): Promise<DatasetVersion> {
    const path = join(data.folder, 'big.parquet')
    await data.environment.events.command(
      `INSERT INTO FUNCTION file('${path}', Parquet) ${select} SETTINGS engine_file_truncate_on_insert = 1`,
    )
    await data.sources.put(by, project, 'big', { kind: 'parquet', path })
    await data.datasets.put(by, project, 'big', { from: 'big', key: ['id'], ...spec })
    return data.datasets.materialiseNow(by, { project, dataset: 'big' })
  }
  const columns = 'toInt64(number) AS id, toInt64(cityHash64(number) % 1000) AS x, toString(number % 97) AS t'
  const newBytes = (version: DatasetVersion, before: DatasetVersion) =>
    version.parts
      .filter(({ digest }) => !before.parts.some((part) => part.digest === digest))
      .reduce((sum, part) => sum + part.bytes, 0)

  describe('parts', () => {
    let first: DatasetVersion
    test('a large version is several files, in order, and every file is found again', async () => {
      first = await big(`SELECT ${columns} FROM numbers(1000000)`)
      expect(first.parts.length).toBeGreaterThan(3)
      expect(first.parts.reduce((sum, part) => sum + part.rows, 0)).toBe(1_000_000)
      for (const offset of [0, first.parts[0]!.rows - 1, 999_998])
        expect((await data.datasets.rows(project, 'big', 1, { limit: 2, offset })).rows.map(([id]) => id)).toEqual(
          [offset, offset + 1].filter((id) => id < 1_000_000),
        )
      const [whole] = await data.environment.events.query<{ n: number; sorted: number }>(
        'SELECT count() AS n, countIf(id != _row_number) AS sorted FROM file({file:String}, Parquet)',
        { file: await data.datasets.localFile(first) },
      )
      expect(whole).toEqual({ n: 1_000_000, sorted: 0 })
    })

    test('a version that adds 1 % costs about 1 %', async () => {
      const second = await big(`SELECT ${columns} FROM numbers(1010000)`)
      expect(second.parts.slice(0, -1).map(({ digest }) => digest)).toEqual(first.parts.map(({ digest }) => digest))
      expect(newBytes(second, first) / first.bytes).toBeLessThan(0.02)
    })

    test('rows that change in one place change the part around them', async () => {
      const third = await big(`SELECT ${columns.replace('AS x', '+ (number = 500000) AS x')} FROM numbers(1000000)`)
      const changed = third.parts.filter(({ digest }) => !first.parts.some((part) => part.digest === digest))
      expect(changed.length).toBeLessThanOrEqual(2)
      const diff = await data.datasets.diff(project, 'big', first.version, third.version)
      expect(diff.rows).toEqual({ a: 1_000_000, b: 1_000_000, common: 999_999, added: 1, removed: 1 })
      expect(diff.keys).toMatchObject({
        by: ['id'],
        added: 0,
        removed: 0,
        changed: 1,
        columns: { x: 1 },
        examples: [{ kind: 'changed', key: { id: '500000' } }],
      })
    })

    test('a diff by key counts what came, went and changed', async () => {
      const fourth = await big(
        `SELECT toInt64(number + 1000) AS id, toInt64(cityHash64(number + 1000) % 1000 + (number % 100 = 0)) AS x, toString((number + 1000) % 97) AS t FROM numbers(1000000)`,
      )
      const { keys } = await data.datasets.diff(project, 'big', first.version, fourth.version)
      expect(keys).toMatchObject({ added: 1000, removed: 1000, changed: 9990, repeated: 0, columns: { x: 9990 } })
      await expect(data.datasets.diff(project, 'big', 1, fourth.version, ['nothing'])).rejects.toThrow(
        /key column nothing/,
      )
    })
  })

  describe('names, pins, retention, time', () => {
    test('tags name versions wherever a number does, and move', async () => {
      await data.kept.tag(by, project, 'big', 'golden', 1)
      await data.kept.tag(by, project, 'big', 'golden', 2)
      expect((await data.datasets.version(project, 'big', 'golden')).version).toBe(2)
      expect((await data.datasets.rows(project, 'big', 'golden', { limit: 1 })).total).toBe(1_010_000)
      await expect(data.datasets.version(project, 'big', 'nobody')).rejects.toMatchObject({ code: 'not_found' })
      await expect(data.kept.tag(by, project, 'big', 'none', 99)).rejects.toMatchObject({ code: 'not_found' })
    })

    test('as of a time it is the version that was newest then', async () => {
      const then = now
      now += 1000
      const later = await big(`SELECT ${columns} FROM numbers(10)`)
      expect((await data.datasets.asOf(project, 'big', then)).version).toBe(later.version - 1)
      expect((await data.datasets.asOf(project, 'big', now)).version).toBe(later.version)
      await expect(data.datasets.asOf(project, 'big', 0)).rejects.toMatchObject({ code: 'dataset_empty' })
    })

    test('the retention lets old rows go, but not tagged, pinned or newest ones; what is known about them stays', async () => {
      await data.kept.pin(by, project, 'big', 3, true)
      const last = await big(`SELECT ${columns} FROM numbers(20)`, { retention: { versions: 1 } })
      const { items } = await data.datasets.versions(project, 'big')
      expect(items.filter(({ purgedAt }) => purgedAt === null).map(({ version }) => version)).toEqual([
        last.version,
        3,
        2,
      ])
      await expect(data.datasets.rows(project, 'big', 1)).rejects.toThrow(/Rows of big@1 does not exist/)
      expect((await data.datasets.version(project, 'big', 1)).profile.rows).toBe(1_000_000)
      expect(
        (await data.environment.journal.read({ types: ['dataset_version.purged'] })).map(
          (event) => (event.data as { version: number }).version,
        ),
      ).toEqual(items.filter(({ purgedAt }) => purgedAt !== null).map(({ version }) => version))
    })

    test('the timeline shows versions side by side', async () => {
      const timeline = await data.datasets.timeline(project, 'big')
      expect(timeline.map(({ rows }) => rows).slice(0, 2)).toEqual([1_000_000, 1_010_000])
      expect(timeline[0]!.columns.map(({ name }) => name)).toEqual(['id', 'x', 't'])
    })
  })

  test('a quarantined row is corrected: the next version has it, and the journal says who did it', async () => {
    const path = join(data.folder, 'wrong.csv')
    writeFileSync(path, 'id,day,amount\n1,2001-01-01,5\n2,soon,7\n3,2001-01-03,-1\n')
    const spec = { curate: [{ check: { that: 'amount > 0' } }] }
    const source = { kind: 'csv', path, columns: { day: 'date' } }
    const version = await data.make(source, spec)
    expect(version.counts).toMatchObject({ kept: 1, quarantined: 2 })
    await data.quarantine.correct(by, project, 'rows', version.version, [
      { row: 1, values: { day: '2001-01-02' } },
      { row: 2, values: { amount: 1 } },
    ])
    const again = await data.make(source, spec)
    expect(again).toMatchObject({ version: version.version + 1, counts: { read: 3, kept: 3, quarantined: 0 } })
    expect((await data.datasets.rows(project, 'rows', again.version)).rows).toEqual([
      [1, Date.UTC(2001, 0, 1), 5],
      [2, Date.UTC(2001, 0, 2), 7],
      [3, Date.UTC(2001, 0, 3), 1],
    ])
    expect(await data.environment.journal.read({ types: ['dataset.corrected'] })).toMatchObject([
      { actor: 'user/test', data: { rows: [1, 2], columns: ['day', 'amount'] } },
    ])
    // the same row in a longer file is corrected too; another is not
    writeFileSync(path, 'id,day,amount\n9,2002-01-01,5\n2,soon,7\n2,later,7\n')
    const third = await data.make(source, spec)
    expect(third.counts).toMatchObject({ kept: 2, quarantined: 1 })
    await expect(
      data.quarantine.correct(by, project, 'rows', third.version, [{ row: 0, values: {} }]),
    ).rejects.toMatchObject({ code: 'not_found' })
    await expect(
      data.quarantine.correct(by, project, 'rows', third.version, [{ row: 2, values: { dya: '' } }]),
    ).rejects.toThrow(/no column dya/)
    const [first] = await data.quarantine.corrections(project, 'rows')
    await data.quarantine.withdraw(by, project, 'rows', first!.id)
    expect((await data.make(source, spec)).counts).toMatchObject({ kept: 1, quarantined: 2 })
  })
})

// Over 300 lines: what both kinds of events store must do, in one suite.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KedgeError } from '../../src/errors.ts'
import { sketchKey as keyOf, sketchEntries, sketchOf } from '../../src/statistics/sketch.ts'
import type { EventsStore } from '../../src/storage/events/events-store.ts'
import { mergeSketches } from '../../src/storage/events/merge-sketches.ts'
import { type BinaryRows, createRowBinaryWriter } from '../../src/storage/events/row-binary.ts'
import { sketchKey } from '../../src/storage/events/sketch-key.ts'

export interface OpenedStore {
  store: EventsStore
  close(): Promise<void>
}

export const prediction = (id: string, more: object = {}) => ({
  project: 'flights',
  endpoint: 'delay',
  revision: 1,
  shadow: false,
  id,
  time: '2001-01-15T10:00:00.250Z',
  received_at: '2026-01-01T00:00:00.000Z',
  caller: 'replay',
  latency_us: 850,
  numbers: { distance: 400, hour: 10 },
  texts: { origin: 'SFO', destination: 'LAX' },
  score: 0.25,
  label: '',
  ...more,
})

type Prediction = ReturnType<typeof prediction>
const later = (row: Prediction) => ({ ...row, time: '2001-03-01T00:00:00.000Z' })

/** Rows as the engine takes them without reading text. */
export function inBinary(rows: readonly Prediction[]): BinaryRows {
  const out = createRowBinaryWriter(16)
  for (const row of rows) {
    for (const text of [row.project, row.endpoint, row.id, row.caller, row.label]) out.string(text)
    out.uint32(row.revision)
    out.byte(Number(row.shadow))
    out.int64(Date.parse(row.time))
    out.int64(Date.parse(row.received_at))
    out.uint32(row.latency_us)
    out.size(Object.keys(row.numbers).length)
    for (const [name, value] of Object.entries(row.numbers)) {
      out.string(name)
      out.float64(value)
    }
    out.size(Object.keys(row.texts).length)
    for (const [name, value] of Object.entries(row.texts)) {
      out.string(name)
      out.string(value)
    }
    if (row.score === null) out.null()
    else {
      out.byte(0)
      out.float64(row.score)
    }
  }
  const columns = [
    ...['project', 'endpoint', 'id', 'caller', 'label', 'revision', 'shadow', 'time', 'received_at', 'latency_us'],
    ...['numbers', 'texts', 'score'],
  ]
  return { columns, bytes: out.take() }
}

const failure = async (work: Promise<unknown>): Promise<KedgeError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(KedgeError)
  return error as KedgeError
}

/** What every kind of events store does alike. `open` gives a store on an empty database. */
export function eventsStoreSuite(name: string, open: () => Promise<OpenedStore>) {
  describe(name, () => {
    let opened: OpenedStore
    let store: EventsStore
    const folder = mkdtempSync(join(tmpdir(), 'kedge-events-files-'))

    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })
    afterAll(async () => {
      await opened.close()
      rmSync(folder, { recursive: true, force: true })
    })

    const countOf = async (id: string) => {
      const [row] = await store.query<{ count: number }>(
        'SELECT count() AS count FROM predictions WHERE id = {id:String}',
        { id },
      )
      return row!.count
    }

    describe('queries', () => {
      it('binds parameters of every kind', async () => {
        const params = {
          text: `it's\t"quoted"\n\\ é`,
          list: ['a', "b'"],
          seven: 7,
          none: null,
          map: { k: 1.5 },
          time: new Date('2001-02-03T04:05:06.789Z'),
          column: 'number',
        }
        const [row] = await store.query(
          `SELECT {text:String} AS text, {list:Array(String)} AS list, {seven:UInt64} AS seven, {none:Nullable(String)} AS none,
             {map:Map(String, Float64)} AS map, {time:DateTime64(3, 'UTC')} AS time, {column:Identifier} AS column FROM numbers(5, 1)`,
          params,
        )
        expect(row).toEqual({ ...params, time: '2001-02-03T04:05:06.789Z', column: 5 })
      })

      it('gives back any text as it was bound', async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.string({ unit: 'grapheme' }),
            fc.array(fc.string({ unit: 'binary-ascii' })),
            async (text, list) => {
              const rows = await store.query('SELECT {text:String} AS text, {list:Array(String)} AS list', {
                text,
                list,
              })
              expect(rows).toEqual([{ text, list }])
            },
          ),
          { numRuns: 100 },
        )
      })

      it('binds more than fits a URL', async () => {
        const ids = Array.from({ length: 20_000 }, () => randomUUID())
        const [row] = await store.query<{ count: number }>('SELECT length({ids:Array(String)}) AS count', { ids })
        expect(row!.count).toBe(20_000)
      })

      it('keeps the parameters and settings of statements at the same time apart', async () => {
        const answers = await Promise.all(
          Array.from({ length: 40 }, (_, i) =>
            store.query<{ a: number; b: number }>(
              `SELECT {n:UInt32} AS a, toUInt32(getSetting('max_block_size')) AS b, sleepEachRow(0.01) FROM numbers(1)`,
              { n: i },
              i % 2 ? { settings: { max_block_size: 1000 + i } } : {},
            ),
          ),
        )
        expect(answers.map(([row]) => row!.a)).toEqual(answers.map((_, i) => i))
        expect(answers.filter((_, i) => i % 2).map(([row]) => row!.b)).toEqual(
          answers.flatMap((_, i) => (i % 2 ? [1000 + i] : [])),
        )
        expect(new Set(answers.filter((_, i) => i % 2 === 0).map(([row]) => row!.b)).size).toBe(1)
      })

      it('stops in the engine when it is aborted', async () => {
        const mark = randomUUID()
        const abort = new AbortController()
        const running = failure(
          store.query(
            `SELECT max(sipHash64(number)) FROM numbers(1000000000000) WHERE '${mark}' != ''`,
            {},
            { signal: abort.signal },
          ),
        )
        const running_now = () =>
          store.query(
            `SELECT 1 FROM system.processes WHERE position(query, {mark:String}) > 0 AND position(query, 'system.processes') = 0`,
            { mark },
          )
        await expect.poll(running_now, { timeout: 10_000 }).toHaveLength(1)
        abort.abort()
        expect((await running).code).toBe('cancelled')
        await expect.poll(running_now, { timeout: 10_000 }).toHaveLength(0)
        expect((await failure(store.query('SELECT 1', {}, { signal: abort.signal }))).code).toBe('cancelled')
      })

      it('does not let a long query hold up short ones and inserts', async () => {
        const abort = new AbortController()
        const long = failure(
          store.query(
            'SELECT max(sipHash64(number)) FROM numbers(1000000000000)',
            {},
            { signal: abort.signal, settings: { max_threads: 1 } },
          ),
        )
        await store.query('SELECT 1')
        await store.insert('actuals', [
          { project: 'p', endpoint: 'e', id: 'beside', value: 1, label: '', received_at: 0 },
        ])
        abort.abort()
        await long
      })
    })

    describe('rows', () => {
      it('come back as they went in: LowCardinality, Map, Nullable, Bool, times', async () => {
        const row = prediction('as it was', { score: null, shadow: true, texts: { 'a "b"': "c'd\n", é: '' } })
        await store.insert('predictions', [row])
        expect(await store.query('SELECT * FROM predictions WHERE id = {id:String}', { id: row.id })).toEqual([row])
      })

      it('may come as binary, and come back as they went in; once with a token', async () => {
        const row = prediction('as bytes', { score: null, shadow: true, texts: { 'a "b"': "c'd\n", é: '' } })
        const token = randomUUID()
        for (const _ of ['first', 'repeated']) await store.insert('predictions', inBinary([row, later(row)]), { token })
        expect(
          await store.query('SELECT * FROM predictions WHERE id = {id:String} ORDER BY time', { id: row.id }),
        ).toEqual([row, later(row)])
      })

      it('in binary are refused as a whole when they are cut off', async () => {
        const { columns, bytes } = inBinary([prediction('whole'), prediction('cut off')])
        expect((await failure(store.insert('predictions', { columns, bytes: bytes.subarray(0, -1) }))).code).toBe(
          'events_data_invalid',
        )
        expect(await countOf('whole')).toBe(0)
      })

      it('are kept once when the insert is repeated with its token, whatever else comes between', async () => {
        const rows = [prediction('token a'), prediction('token b', { time: '2001-03-01T00:00:00.000Z' })]
        const token = randomUUID()
        await store.insert('predictions', rows, { token })
        await store.insert('predictions', [prediction('between')])
        await store.insert('predictions', rows, { token })
        expect([await countOf('token a'), await countOf('token b')]).toEqual([1, 1])
      })

      it('of the same key replace each other even without a token', async () => {
        await store.insert('predictions', [prediction('replaced')])
        await store.insert('predictions', [
          prediction('replaced', { received_at: '2026-01-02T00:00:00.000Z', score: 0.75 }),
        ])
        expect(
          await store.query('SELECT score FROM predictions FINAL WHERE id = {id:String}', { id: 'replaced' }),
        ).toEqual([{ score: 0.75 }])
      })

      it('can be erased', async () => {
        await store.insert('predictions', [prediction('erased'), prediction('stays')])
        await store.command('DELETE FROM predictions WHERE id = {id:String}', { id: 'erased' })
        expect([await countOf('erased'), await countOf('stays')]).toEqual([0, 1])
      })

      it('may be none, or a hundred thousand', async () => {
        await store.insert('predictions', [])
        const rows = Array.from({ length: 100_000 }, (_, i) => prediction(`many ${i}`))
        await store.insert('predictions', rows)
        expect(await store.query(`SELECT count() AS count FROM predictions WHERE startsWith(id, 'many ')`)).toEqual([
          { count: 100_000 },
        ])
      })

      it('do not hold the event loop while they are encoded', async () => {
        const rows = Array.from({ length: 50_000 }, (_, i) => prediction(`loop ${i}`))
        let turns = 0
        const beat = setInterval(() => turns++, 1)
        await store.insert('predictions', rows)
        clearInterval(beat)
        expect(turns).toBeGreaterThan(50)
      })
    })

    describe('mistakes', () => {
      const cases: [string, () => Promise<unknown>, string, RegExp][] = [
        ['broken SQL', () => store.query('SELECT 1 FRM numbers(1)'), 'events_query_invalid', /Syntax error/],
        ['no such table', () => store.query('SELECT * FROM predictionz'), 'events_query_invalid', /predictionz.*Maybe you meant/s],
        ['no such column', () => store.query('SELECT endpont FROM predictions'), 'events_query_invalid', /endpont/],
        ['an unbound parameter', () => store.query('SELECT {a:String}'), 'events_query_invalid', /`?a`? is not set/],
        ['a parameter of the wrong type', () => store.query('SELECT {a:UInt8}', { a: 'x' }), 'events_data_invalid', /x.*as UInt8/],
        ['a value that is no number', () => store.query(`SELECT toInt32('abc')`), 'events_data_invalid', /abc/],
        ['a missing file', () => store.query(`SELECT * FROM file('${folder}/none.parquet', Parquet)`), 'not_found', /none\.parquet/],
        ['too much memory', () => store.query('SELECT length(groupArray(number)) FROM numbers(100000000)', {}, { settings: { max_memory_usage: 10_000_000 } }), 'events_limit', /memory limit/i],
        ['too much time', () => store.query('SELECT max(sipHash64(number)) FROM numbers(1000000000000)', {}, { settings: { max_execution_time: 0.2 } }), 'events_limit', /[Tt]imeout/],
        ['an unknown column in a row', () => store.insert('predictions', [prediction('strict'), prediction('strict', { scorre: 1 })]), 'events_data_invalid', /scorre/],
        ['a null where none may be', () => store.insert('predictions', [prediction('strict', { caller: null })]), 'events_data_invalid', /caller/],
        ['a NaN where none may be', () => store.insert('predictions', [prediction('strict', { numbers: { distance: Number.NaN } })]), 'events_data_invalid', /numbers/],
        ['a wrong type in a row', () => store.insert('predictions', [prediction('strict'), prediction('strict', { latency_us: 'fast' })]), 'events_data_invalid', /latency_us|fast/],
        ['an insert into no table', () => store.insert('nope', [{ a: 1 }]), 'events_query_invalid', /nope/],
        ['a table name that is SQL', () => store.insert('predictions SELECT 1', [{ a: 1 }]), 'events_query_invalid', /no table name/],
      ] // biome-ignore format: a table

      it.each(cases)('%s', async (_, work, code, message) => {
        const error = await failure(work())
        expect(error.code).toBe(code)
        expect(error.message).toMatch(message)
        expect(error.message).not.toMatch(/DB::Exception|In scope|version \d/)
      })

      it('leave nothing of their insert behind', async () => {
        expect(await countOf('strict')).toBe(0)
      })

      it('name the row', async () => {
        const error = await failure(
          store.insert('predictions', [prediction('strict'), prediction('strict'), prediction('strict', { oops: 1 })]),
        )
        expect(error.places).toEqual([{ where: 'row 3', what: expect.stringContaining('oops') }])
      })

      it('do not show the SQL with its secrets', async () => {
        const error = await failure(store.query(`SELECT toInt32('abc') FROM (SELECT 'hunter2' AS password)`))
        expect(JSON.stringify(error)).not.toContain('hunter2')
      })

      it('a truncated Parquet file', async () => {
        await store.command(
          `INSERT INTO FUNCTION file('${folder}/whole.parquet', Parquet) SELECT number AS a FROM numbers(1000)`,
        )
        expect(await store.query(`SELECT sum(a) AS sum FROM file('${folder}/whole.parquet', Parquet)`)).toEqual([
          { sum: 499_500 },
        ])
        writeFileSync(`${folder}/half.parquet`, 'PAR1 is where it begins, and here it ends')
        expect((await failure(store.query(`SELECT * FROM file('${folder}/half.parquet', Parquet)`))).code).toBe(
          'events_data_invalid',
        )
      })
    })

    it('computes the sketch key in the encoding of the statistics', async () => {
      const values = [
        0,
        1,
        -1,
        0.5,
        -0.5,
        100,
        -100,
        1234.5,
        1e-30,
        -1e-30,
        1e300,
        -1e300,
        5e-324,
        Number.MAX_VALUE,
        15,
        16,
      ]
      const rows = await store.query<{ key: number }>(
        `SELECT ${sketchKey('x')} AS key FROM (SELECT arrayJoin({values:Array(Float64)}) AS x)`,
        { values },
      )
      expect(rows.map((row) => row.key)).toEqual(values.map(keyOf))
    })

    it('merges sketches as the statistics do', async () => {
      const values = [
        [0, 1, 2, -3, 1e300],
        [5, 5, -5e-324],
        [-1e300, 0.001],
      ]
      const row = { project: 'p', scope: 'merge', revision: 1, segment: '', feature: 'x', computed_at: 1, missing: 0 }
      const moments = { sum: 0, sum_squares: 0, minimum: 0, maximum: 0, categories: {} }
      const rows = values.map(sketchOf).map((sketch, i) => ({
        ...row,
        ...moments,
        bucket: 3600 * i,
        count: values[i]!.length,
        sketch_keys: [...sketch.keys()],
        sketch_counts: [...sketch.values()],
      }))
      await store.insert('profiles', rows)
      const [answer] = await store.query<{ sketch: [number, number][] }>(
        `SELECT ${mergeSketches()} AS sketch FROM profiles FINAL WHERE scope = 'merge'`,
      )
      expect(answer!.sketch).toEqual(sketchEntries(sketchOf(values.flat())))
    })
  })
}

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import deduplicate from '../../src/adapters/operations/deduplicate.ts'
import { createRelation } from '../../src/data/curation/relation.ts'
import { by, type OpenedData, openData, project } from './open-data.ts'

let data: OpenedData
let files = 0
beforeAll(async () => {
  data = await openData()
})
afterAll(() => data.close())

const write = (rows: readonly object[]) => {
  const path = join(data.folder, `${files++}.jsonl`)
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return { kind: 'jsonl', path }
}
const objects = ({ columns, rows }: { columns: { name: string }[]; rows: unknown[][] }) =>
  rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))

/** Makes a version from rows with the steps; checks that every row is accounted for at every step. */
async function curate(rows: readonly object[], steps: readonly object[]) {
  const version = await data.make(write(rows), { curate: steps, expect: [{ row_count: { min: 0 } }] })
  const { counts } = version
  let flow = counts.read
  for (const step of counts.steps) flow += (step.added ?? 0) - step.quarantined - step.removed
  expect(flow).toBe(counts.kept)
  expect(counts.read + counts.added).toBe(counts.kept + counts.quarantined + counts.removed)
  const page = await data.datasets.rows(project, 'rows', version.version, { limit: 1000 })
  const left = await data.datasets.quarantine(project, 'rows', version.version, { limit: 1000 })
  return { version, counts, rows: objects(page), quarantine: objects(left) }
}
async function other(name: string, rows: readonly object[]) {
  await data.sources.put(by, project, `${name}-source`, write(rows))
  await data.datasets.put(by, project, name, { from: `${name}-source` })
  return data.datasets.materialiseNow(by, { project, dataset: name })
}

describe('texts', () => {
  test('trim takes every blank, empties become missing', async () => {
    const made = await curate([{ a: '  x\u00a0 y  ', b: ' \t' }], [{ trim: { inner: true, empty: 'missing' } }])
    expect(made.rows).toEqual([{ a: 'x y', b: null }])
  })

  test('split at a separator keeps the rest in the last column; by pattern gives its groups', async () => {
    const rows = [
      { a: 'x-y-z', id: 1 },
      { a: 'w', id: 2 },
      { a: null, id: 3 },
    ]
    expect((await curate(rows, [{ split: { column: 'a', at: '-', into: ['b', 'c'] } }])).rows).toEqual([
      { id: 1, b: 'x', c: 'y-z' },
      { id: 2, b: 'w', c: null },
      { id: 3, b: null, c: null },
    ])
    const made = await curate(rows, [
      { split: { column: 'a', pattern: '^(\\w)-(\\w)', into: ['b', 'c'], otherwise: 'quarantine' } },
    ])
    expect(made.rows.map(({ b, c }) => [b, c])).toEqual([
      ['x', 'y'],
      [null, null],
    ])
    expect(made.quarantine).toMatchObject([{ a: 'w', _reason: 'a has not 2 parts' }])
  })

  test.each([
    [{ unicode: 'NFKC' }, 'ﬁne', 'fine'],
    [{ case: 'title' }, 'ÄRGER über', 'Ärger Über'],
    [{ phone: { country: 'DE' } }, '(030) 123-4567', '+49301234567'],
    [{ phone: { country: 'DE' } }, '+49 (0)30 1234567', '+49301234567'],
    [{ phone: { country: 'US' } }, '1 (415) 555-0100', '+14155550100'],
    [{ phone: { country: 'DE' } }, 'call me', undefined],
    [{ country: 'alpha2' }, ' Deutschland ', 'DE'],
    [{ country: 'alpha3' }, 'united kingdom', 'GBR'],
    [{ country: 'alpha2' }, 'USA', 'US'],
    [{ country: 'numeric' }, 'ch', '756'],
    [{ country: 'alpha2' }, 'Atlantis', undefined],
    [{ date: ['DD.MM.YYYY', 'MM/DD/YYYY'] }, '31.12.2020', Date.UTC(2020, 11, 31)],
    [{ date: ['DD.MM.YYYY', 'MM/DD/YYYY'] }, '12/31/2020', Date.UTC(2020, 11, 31)],
    [{ date: ['DD.MM.YYYY'] }, '31.02.2020', undefined],
    [{ date: ['DD.MM.YYYY HH:mm'] }, '31.12.2020 08:05', Date.UTC(2020, 11, 31, 8, 5)],
  ])('normalise %j: %s is %s', async (form, given, expected) => {
    const made = await curate([{ a: given }, { a: null }], [{ normalise: { columns: 'a', ...form } }])
    expect(made.rows.map(({ a }) => a)).toEqual(expected === undefined ? [null] : [expected, null])
    expect(made.counts.quarantined).toBe(expected === undefined ? 1 : 0)
  })

  test('normalise units and time zones, in summer and winter', async () => {
    const made = await curate(
      [
        { f: 212, km: 10, at: '2021-07-01 12:00:00' },
        { f: 32, km: 1.609344, at: '2021-01-01 12:00:00' },
      ],
      [
        { normalise: { columns: 'f', unit: { from: 'F', to: 'C' } } },
        { normalise: { columns: ['km'], unit: { from: 'km', to: 'mi' } } },
        { normalise: { columns: 'at', time_zone: { from: 'Europe/Berlin' } } },
      ],
    )
    expect(made.rows[0]!.f).toBeCloseTo(100, 9)
    expect(made.rows[1]!.f).toBeCloseTo(0, 9)
    expect(made.rows[1]!.km).toBeCloseTo(1, 12)
    expect(made.rows.map(({ at }) => at)).toEqual([Date.UTC(2021, 6, 1, 10), Date.UTC(2021, 0, 1, 11)])
  })
})

describe('rows of other datasets', () => {
  const carriers = [
    { code: 'AA', name: 'American' },
    { code: 'DL', name: 'Delta' },
    { code: 'DL', name: 'Delta again' },
    { code: null, name: 'nobody' },
  ]
  const flights = ['AA', 'DL', 'ZZ', null].map((code, id) => ({ id, code }))

  test('join adds columns; what has none or several is kept, removed or quarantined as declared', async () => {
    await other('carriers', carriers)
    const base = { with: 'carriers', on: ['code'] }
    const first = await curate(flights, [{ join: { ...base, many: 'first' } }])
    expect(first.rows.map(({ name }) => name)).toEqual(['American', 'Delta', null, null])
    expect(first.version.sources[1]).toMatchObject({ kind: 'dataset', name: 'carriers@1', rows: 4 })
    const strict = await curate(flights, [{ join: { ...base, missing: 'remove' } }])
    expect(strict.rows.map(({ name }) => name)).toEqual(['American'])
    expect(strict.counts).toMatchObject({ read: 4, kept: 1, removed: 2, quarantined: 1 })
    expect(strict.quarantine).toMatchObject([{ id: '1', _reason: 'carriers has several rows with its code' }])
    const renamed = await curate(flights, [
      { join: { with: 'carriers', on: { code: 'code' }, columns: { name: 'airline' }, many: 'first' } },
    ])
    expect(renamed.rows[0]).toEqual({ id: 0, code: 'AA', airline: 'American' })
  })

  test('join all repeats rows and counts them; what comes after treats each alone', async () => {
    await other('carriers', carriers)
    const made = await curate(flights, [
      { filter: 'id < 3' },
      { join: { with: 'carriers', on: ['code'], many: 'all' } },
      { check: { that: "coalesce(name, '') != 'Delta again'" } },
    ])
    expect(made.rows.map(({ id, name }) => [id, name])).toEqual([
      [0, 'American'],
      [1, 'Delta'],
      [2, null],
    ])
    expect(made.counts).toMatchObject({ read: 4, added: 1, kept: 3, removed: 1, quarantined: 1 })
    expect(made.counts.steps[2]).toMatchObject({ operation: 'join', added: 1 })
    expect(made.quarantine).toMatchObject([{ id: '1', _row: 1 }])
  })

  test('union adds rows, which later steps judge and whose quarantine names where they came from', async () => {
    await other('more', [
      { id: 10, code: 'AA' },
      { id: 11, code: 'bad' },
    ])
    const made = await curate(flights, [
      { union: 'more' },
      { check: { that: "coalesce(code, '') != 'bad'" } },
      { deduplicate: ['code'] },
    ])
    expect(made.rows.map(({ id }) => id)).toEqual([0, 1, 2, 3])
    expect(made.counts).toMatchObject({ read: 4, added: 2, kept: 4, removed: 1, quarantined: 1 })
    expect(made.quarantine).toMatchObject([
      { id: '11', code: 'bad', _row: 1, _from: expect.stringMatching(/^more@\d+$/) },
    ])
  })

  test('a new version of the other makes a new version of this', async () => {
    await other('few', [{ id: 1, code: 'x' }])
    const source = write(flights)
    const spec = { curate: [{ union: 'few' }] }
    const first = await data.make(source, spec)
    expect((await data.make(source, spec)).version).toBe(first.version)
    await other('few', [{ id: 2, code: 'y' }])
    const second = await data.make(source, spec)
    expect(second.version).toBe(first.version + 1)
    expect(second.rowCount).toBe(5)
  })

  test.each([
    [{ union: 'nowhere' }, /nowhere has no version|nowhere/],
    [{ join: { with: 'carriers', on: ['cod'] } }, /no column cod/],
    [{ join: { with: 'carriers', on: { id: 'code' } } }, /id is int, but code of carriers is text/],
    [{ union: 'carriers' }, /carriers has no column id/],
  ])('%j is refused', async (step, what) => {
    await other('carriers', carriers)
    await expect(curate(flights, [step])).rejects.toThrow(what)
  })
})

describe('numbers', () => {
  const rows = [
    ...Array.from({ length: 30 }, (_, i) => ({ g: 'a', x: i % 10 })),
    ...Array.from({ length: 30 }, (_, i) => ({ g: 'b', x: 1000 + (i % 10) })),
    { g: 'a', x: 1000 },
    { g: 'b', x: 5 },
  ]
  test.each(['iqr', 'z', 'robust_z'])('outliers by group with %s', async (method) => {
    const made = await curate(rows, [{ outliers: { column: 'x', method, by: ['g'], factor: 3 } }])
    expect(made.quarantine.map(({ g, _value }) => [g, _value])).toEqual([
      ['a', '1000'],
      ['b', '5'],
    ])
    expect((await curate(rows, [{ outliers: { column: 'x', method, factor: 3 } }])).counts.quarantined).toBe(0)
  })

  test('percentiles are clipped to, per group', async () => {
    const made = await curate(rows, [
      { outliers: { column: 'x', method: 'percentile', low: 0.05, high: 0.95, by: ['g'], action: 'clip' } },
    ])
    expect(Math.max(...made.rows.filter(({ g }) => g === 'a').map(({ x }) => x as number))).toBe(9)
  })

  test('an isolation forest finds a row that is odd only in both columns together', async () => {
    const cross = Array.from({ length: 400 }, (_, i) => ({ id: i, x: i % 20, y: (i % 20) * 2 + (i % 3) }))
    const made = await curate(
      [...cross, { id: 999, x: 60, y: -40 }],
      [{ outliers: { columns: ['x', 'y'], method: 'isolation_forest', share: 0.002 } }],
    )
    expect(made.quarantine).toMatchObject([{ id: '999', _value: '60, -40' }])
  })

  test('encode: one hot, ordinal, frequency, hash', async () => {
    const made = await curate(
      ['b', 'a', 'b', null].map((c) => ({ c, d: c, e: c, f: c })),
      [
        { encode: { column: 'c', method: 'one_hot', values: ['a', 'b'] } },
        { encode: { column: 'd', method: 'ordinal' } },
        { encode: { column: 'e', method: 'frequency' } },
        { encode: { column: 'f', method: 'hash', buckets: 8, as: 'h' } },
      ],
    )
    expect(made.rows.map(({ c_a, c_b, d }) => [c_a, c_b, d])).toEqual([
      [0, 1, 1],
      [1, 0, 0],
      [0, 1, 1],
      [0, 0, null],
    ])
    expect(made.rows[0]!.e).toBeCloseTo(2 / 3)
    expect(made.rows[0]!.h).toBe(made.rows[2]!.h)
    expect(made.rows[3]!.h).toBeNull()
  })
})

describe('samples and groups', () => {
  const rows = Array.from({ length: 300 }, (_, id) => ({ id, g: id < 30 ? 'small' : 'large', y: id % 3 }))
  const sizes = (made: { rows: Record<string, unknown>[] }) => [
    made.rows.filter(({ g }) => g === 'small').length,
    made.rows.filter(({ g }) => g === 'large').length,
  ]

  test('a sample is the same each time, of a share, of rows, of each group', async () => {
    const share = await curate(rows, [{ sample: { share: 0.3 } }])
    expect(share.counts.kept).toBeGreaterThan(60)
    expect(share.counts.kept).toBeLessThan(120)
    expect((await curate(rows, [{ sample: { share: 0.3 } }])).rows).toEqual(share.rows)
    expect((await curate(rows, [{ sample: { share: 0.3, seed: 2 } }])).rows).not.toEqual(share.rows)
    expect((await curate(rows, [{ sample: { rows: 17 } }])).counts).toMatchObject({ kept: 17, removed: 283 })
    expect(sizes(await curate(rows, [{ sample: { rows: 10, by: ['g'] } }]))).toEqual([10, 10])
  })

  test('balance removes from the larger or repeats the smaller', async () => {
    expect(sizes(await curate(rows, [{ balance: { by: ['g'] } }]))).toEqual([30, 30])
    const over = await curate(rows, [{ balance: { by: ['g'], method: 'over' } }])
    expect(sizes(over)).toEqual([270, 270])
    expect(over.counts).toMatchObject({ read: 300, added: 240, kept: 540 })
    await expect(
      curate(rows, [{ balance: { by: ['g'], method: 'over' } }, { balance: { by: ['y'], method: 'over' } }]),
    ).rejects.toThrow('only one step of a dataset can repeat rows')
  })

  test('weights make label and group independent', async () => {
    const biased = Array.from({ length: 100 }, (_, i) => ({
      g: i < 40 ? 'f' : 'm',
      y: i % 10 < (i < 40 ? 2 : 7) ? 1 : 0,
    }))
    const made = await curate(biased, [{ reweigh: { by: ['g'], label: 'y' } }])
    const rate = (g: string) => {
      const own = made.rows.filter((row) => row.g === g) as { y: number; weight: number }[]
      return own.reduce((sum, row) => sum + row.y * row.weight, 0) / own.reduce((sum, row) => sum + row.weight, 0)
    }
    expect(rate('f')).toBeCloseTo(rate('m'), 9)
    expect((made.rows as { weight: number }[]).reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(100, 9)
  })
})

test('deduplicate keeps the row with the largest value', async () => {
  const rows = [
    { k: 1, v: 5 },
    { k: 1, v: 9 },
    { k: 1, v: null },
    { k: 2, v: 1 },
  ]
  const made = await curate(rows, [{ deduplicate: { by: ['k'], keep: { largest: 'v' } } }])
  expect(made.rows).toEqual([
    { k: 1, v: 9 },
    { k: 2, v: 1 },
  ])
})

test('deduplicate finds the same rows in one query as in several, which it needs for many', async () => {
  const rows = `(SELECT toInt64(number % 1000) AS k, toUInt64(number) AS __row, toUInt16(0) AS __verdict FROM numbers(5000))`
  const relation = createRelation([{ name: 'k', type: 'int' }], 'curate[0]', { rows })
  const found = async (count: number) => {
    const asked = deduplicate.queries!(['k'], relation, { rows: count }).repeated as string[]
    const positions: number[] = []
    for (const sql of asked)
      positions.push(...(await data.environment.events.query<{ value: string[] }>(sql))[0]!.value.map(Number))
    return { queries: asked.length, positions: positions.sort((a, b) => a - b) }
  }
  const expected = Array.from({ length: 4000 }, (_, i) => i + 1000)
  expect(await found(5000)).toEqual({ queries: 1, positions: expected })
  expect(await found(60_000_000)).toEqual({ queries: 4, positions: expected })
})

test('pseudonyms are equal for equal values, and neither they nor the SQL show the key', async () => {
  const made = await curate(
    [{ who: 'ada' }, { who: 'ada' }, { who: 'bob' }, { who: null }],
    [{ pseudonymise: { columns: ['who'], key: { secret: 'salt' } } }],
  )
  const [a, b, c, none] = made.rows.map(({ who }) => who)
  expect(a).toMatch(/^[0-9a-f]{32}$/)
  expect([b === a, c === a, none]).toEqual([true, false, null])
})

describe('a command of the user', () => {
  const rows = Array.from({ length: 6 }, (_, id) => ({ id, x: `${id}` }))
  const modules = join(process.cwd(), 'node_modules')
  const program = `
    import { readFileSync, writeFileSync } from 'node:fs'
    import { parquetReadObjects } from '${modules}/hyparquet/src/index.js'
    import { compressors } from '${modules}/hyparquet-compressors/src/index.js'
    import { parquetWriteBuffer } from '${modules}/hyparquet-writer/src/index.js'
    const bytes = readFileSync(process.env.KEDGE_INPUT)
    const file = { byteLength: bytes.length, slice: (a, b) => bytes.buffer.slice(bytes.byteOffset + a, bytes.byteOffset + (b ?? bytes.length)) }
    const rows = (await parquetReadObjects({ file, compressors })).filter((row) => row.id !== 3n)
    const column = (name, type, of) => ({ name, type, data: rows.map(of) })
    writeFileSync(process.env.KEDGE_OUTPUT, Buffer.from(parquetWriteBuffer({ columnData: [
      column('id', 'INT64', (row) => row.id),
      column('double', 'DOUBLE', (row) => Number(row.x) * 2),
      column('_row', 'INT64', (row) => BigInt(row._row)),
      column('_reason', 'STRING', (row) => (row.id === 4n ? 'four is odd' : null)),
    ] })))
  `
  /** The program as one file: a command sees no modules that lie below the machine's temporary folder. */
  async function bundled() {
    const entry = join(data.folder, 'program.mjs')
    writeFileSync(entry, program)
    const made = await build({
      configFile: false,
      logLevel: 'silent',
      build: { ssr: entry, write: false },
      ssr: { noExternal: true },
    })
    return (made as { output: { code: string }[] }).output[0]!.code
  }
  test('sees the rows, changes, refuses and leaves out; the counts say which', async () => {
    const made = await curate(rows, [
      { filter: 'id > 0' },
      { run: { command: 'node program.mjs', files: { 'program.mjs': await bundled() } } },
      { derive: { more: 'double + 1' } },
    ])
    expect(made.rows).toEqual([1, 2, 5].map((id) => ({ id, double: id * 2, more: id * 2 + 1 })))
    expect(made.counts).toMatchObject({ read: 6, kept: 3, quarantined: 1, removed: 2 })
    expect(made.quarantine).toMatchObject([
      { id: '4', _reason: 'refused by the command', _value: 'four is odd', _row: 4 },
    ])
  })

  test('that gives back what it got changes nothing', async () => {
    const made = await curate(rows, [{ filter: 'id > 0' }, { run: { command: 'cp "$KEDGE_INPUT" "$KEDGE_OUTPUT"' } }])
    expect(made.rows).toEqual(rows.slice(1).map(({ id }) => ({ id, x: id })))
  })

  test('says how it failed, with what it printed', async () => {
    await expect(curate(rows, [{ run: { command: 'echo oh no; exit 3' } }])).rejects.toThrow(
      /ended with 3; it printed: oh no/,
    )
    await expect(curate(rows, [{ run: { command: 'true' } }])).rejects.toThrow(/wrote no Parquet file/)
    await expect(curate(rows, [{ run: { command: 'sleep 60', timeout: '1s' } }])).rejects.toThrow(/timeout/)
  })
})

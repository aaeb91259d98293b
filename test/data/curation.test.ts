import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenedData, openData, project } from './open-data.ts'

let data: OpenedData
let files = 0
beforeAll(async () => {
  data = await openData()
})
afterAll(() => data.close())

/** Makes a version from rows with the steps; gives its rows as objects. */
async function curate(
  rows: readonly object[],
  steps: readonly object[],
  expectations: readonly object[] = [{ row_count: { min: 0 } }],
) {
  const path = join(data.folder, `${files++}.jsonl`)
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const version = await data.make({ kind: 'jsonl', path }, { curate: steps, expect: expectations })
  const page = await data.datasets.rows(project, 'rows', version.version, { limit: 1000 })
  const left = await data.datasets.quarantine(project, 'rows', version.version, { limit: 1000 })
  const objects = ({ columns, rows }: typeof page) =>
    rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))
  return { version, rows: objects(page), quarantine: objects(left) }
}
const numbers = (...values: (number | null)[]) => values.map((x, id) => ({ id, x }))

describe('operations', () => {
  test('cast quarantines what does not fit, and only that', async () => {
    const rows = ['1', ' 2 ', null, 'three', '4.5', ''].map((x, id) => ({ id, x }))
    const made = await curate(rows, [{ cast: { x: 'int' } }])
    expect(made.rows).toEqual([
      { id: 0, x: 1 },
      { id: 1, x: 2 },
      { id: 2, x: null },
    ])
    expect(made.quarantine.map((row) => [row.id, row._reason, row._value, row._step])).toEqual([
      ['3', 'x is not an int', 'three', 1],
      ['4', 'x is not an int', '4.5', 1],
      ['5', 'x is not an int', '', 1],
    ])
  })

  test('rename, select and drop change columns, also by swapping names', async () => {
    const made = await curate(
      [{ a: 1, b: 'x', c: true }],
      [{ rename: { a: 'b', b: 'a' } }, { select: ['a', 'b', 'c'] }, { drop: ['c'] }],
    )
    expect(made.rows).toEqual([{ a: 'x', b: 1 }])
  })

  test('filter removes and counts, also where the expression is missing', async () => {
    const made = await curate(numbers(1, 5, null, 7), [{ filter: 'x > 2' }])
    expect(made.rows.map(({ x }) => x)).toEqual([5, 7])
    expect(made.version.counts).toMatchObject({ read: 4, kept: 2, removed: 2, quarantined: 0 })
    expect(made.version.counts.steps).toEqual([
      { step: 0, operation: 'read', added: 0, quarantined: 0, removed: 0 },
      { step: 1, operation: 'filter', added: 0, quarantined: 0, removed: 2 },
    ])
  })

  test('check quarantines with its own reason', async () => {
    const made = await curate(numbers(1, -1), [{ check: { that: 'x > 0', reason: 'not positive', column: 'x' } }])
    expect(made.quarantine).toMatchObject([{ _reason: 'not positive', _value: '-1', _row: 1 }])
  })

  test('derive sees what it derived before, and may replace a column', async () => {
    const made = await curate(numbers(3), [{ derive: { y: 'x * 2', z: 'y + 1', x: 'z / 7' } }])
    expect(made.rows).toEqual([{ id: 0, x: 1, y: 6, z: 7 }])
    expect(made.version.schema.find(({ name }) => name === 'x')?.type).toBe('float')
  })

  test('deduplicate keeps the first or the last, and nothing that has left counts', async () => {
    const rows = [1, 1, 2, 1, null, null].map((k, v) => ({ k, v }))
    expect((await curate(rows, [{ deduplicate: ['k'] }])).rows.map(({ v }) => v)).toEqual([0, 2, 4])
    expect((await curate(rows, [{ deduplicate: { by: ['k'], keep: 'last' } }])).rows.map(({ v }) => v)).toEqual([
      2, 3, 5,
    ])
    expect((await curate(rows, [{ filter: 'v != 0' }, { deduplicate: ['k'] }])).rows.map(({ v }) => v)).toEqual([
      1, 2, 4,
    ])
    expect((await curate([...rows, ...rows], [{ deduplicate: 'all' }])).version.counts).toMatchObject({
      kept: 6,
      removed: 6,
    })
  })

  test('fill gives constants, means, medians and frequent values', async () => {
    const rows = [
      { a: 1, b: 'x', c: 1.5, d: null },
      { a: null, b: null, c: null, d: null },
      { a: 4, b: 'x', c: 2.5, d: null },
      { a: 10, b: 'y', c: 5, d: null },
    ]
    const made = await curate(rows, [
      { cast: { d: 'int' } },
      { fill: { a: { with: 'mean' }, b: { with: 'most_frequent' }, c: { with: 'median' }, d: 7 } },
    ])
    expect(made.rows[1]).toEqual({ a: 5, b: 'x', c: 2.5, d: 7 })
  })

  test('outliers are quarantined, dropped, clipped or flagged', async () => {
    const rows = numbers(...Array.from({ length: 20 }, (_, i) => i), 1000, -1000, null)
    const iqr = { column: 'x', method: 'iqr', factor: 1.5 }
    const kept = await curate(rows, [{ outliers: iqr }])
    expect(kept.version.counts).toMatchObject({ read: 23, kept: 21, quarantined: 2 })
    expect(kept.quarantine.map((row) => row._value)).toEqual(['1000', '-1000'])
    expect((await curate(rows, [{ outliers: { ...iqr, action: 'drop' } }])).version.counts).toMatchObject({
      kept: 21,
      removed: 2,
    })
    const clipped = (await curate(rows, [{ outliers: { ...iqr, action: 'clip' } }])).rows.map(({ x }) => x as number)
    expect(Math.max(...clipped)).toBeLessThan(31)
    expect(clipped).toHaveLength(23)
    const flagged = (await curate(rows, [{ outliers: { column: 'x', method: 'z', factor: 2, action: 'flag' } }])).rows
    expect(flagged.filter((row) => row.x_outlier).map(({ x }) => x)).toEqual([1000, -1000])
  })

  test('nothing to learn from is no failure', async () => {
    const rows = [{ id: 1, x: null }]
    for (const action of ['quarantine', 'drop', 'clip', 'flag']) {
      const made = await curate(rows, [
        { cast: { x: 'float' } },
        { outliers: { column: 'x', action } },
        { fill: { x: { with: 'mean' } } },
      ])
      expect(made.version.counts.kept).toBe(1)
    }
  })
})

test('every row is kept, quarantined or removed, whatever the rows and the steps', async () => {
  const value = fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.double(),
    fc.string(),
    fc.constantFrom(null, true, '', '2001-01-01', '7'),
  )
  const row = fc.record({ id: fc.nat(50), a: value, 'odd `name`': value, c: fc.option(fc.integer()) })
  const step = fc.constantFrom<object>(
    { cast: { a: 'int' } },
    { cast: { 'odd `name`': 'float' } },
    { filter: 'id % 3 != 0' },
    { check: { that: 'c is not null' } },
    { deduplicate: ['id'] },
    { deduplicate: 'all' },
    { derive: { a: 'to_text(id)' } },
    { fill: { c: { with: 'median' } } },
    { outliers: { column: 'id', factor: 1 } },
    { outliers: { column: 'id', action: 'drop', method: 'z', factor: 1 } },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 40 }),
      fc.array(step, { maxLength: 5 }),
      async (rows, steps) => {
        const path = join(data.folder, `${files++}.jsonl`)
        writeFileSync(path, rows.map((one) => `${JSON.stringify(one)}\n`).join(''))
        const columns = { id: 'int', a: 'text', 'odd `name`': 'text', c: 'int' }
        const { version, counts, quarantine } = await data.make(
          { kind: 'jsonl', path, columns },
          { curate: steps, expect: [{ row_count: { min: 0 } }] },
        )
        expect(counts.read).toBe(rows.length)
        expect(counts.kept + counts.quarantined + counts.removed).toBe(rows.length)
        expect(counts.steps.reduce((sum, one) => sum + one.quarantined + one.removed, 0)).toBe(
          counts.quarantined + counts.removed,
        )
        expect(quarantine?.reasons.reduce((sum, one) => sum + one.rows, 0) ?? 0).toBe(counts.quarantined)
        expect((await data.datasets.rows(project, 'rows', version)).total).toBe(counts.kept)
      },
    ),
    { numRuns: 40 },
  )
})

describe('declarations that are wrong', () => {
  const rows = [{ delay: 1, origin: 'ATL' }]
  test.each([
    [
      { filter: 'dely > 1' },
      'curate[0] filter: The expression "dely > 1": there is no column dely; did you mean delay?',
    ],
    [{ filter: 'delay + 1' }, '"delay + 1" is int, not true or false'],
    [{ cast: { orign: 'int' } }, 'there is no column orign; did you mean origin?'],
    [{ derive: { __row: '1' } }, 'a column cannot be named __row'],
    [{ rename: { delay: 'origin' } }, 'two columns would be named origin'],
    [{ drop: ['delay', 'origin'] }, 'no column would be left'],
    [{ outliers: { column: 'origin' } }, 'origin is text, not a number'],
    [{ cast: { delay: 'date' } }, 'a int cannot become a date'],
    [{ fill: { delay: 'x' } }, '"x" is not an int'],
    [{ filter: '1 = 1) UNION ALL SELECT 1 --' }, 'is out of place'],
  ])('%j', async (step, what) => {
    await expect(curate(rows, [step])).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(what),
    })
  })

  test.each([
    [{ curate: [{ filtr: 'x' }] }, 'curate.0'],
    [{ curate: [{ filter: 'x', cast: {} }] }, 'exactly one of'],
    [{ expect: [{ between: { column: 'x' } }] }, 'needs min or max'],
    [{ form: 'x' }, 'form'],
    [{ mode: 'sometimes' }, 'mode'],
  ])('%j is refused when it is declared', async (spec, what) => {
    await expect(data.make({ kind: 'jsonl', path: '/tmp/x' }, spec)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(what),
    })
  })

  test('names of columns cannot carry SQL', async () => {
    const name = "x`) FROM system.tables -- ' \\"
    const { rows: made } = await curate([{ [name]: 1 }], [{ derive: { 'y`"\\': '2' } }])
    expect(made).toEqual([{ [name]: 1, 'y`"\\': 2 }])
  })
})

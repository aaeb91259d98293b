import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Column } from '../../src/contracts/column.ts'
import { by, type OpenedData, openData, project } from '../data/open-data.ts'
import { knownRows, knownSchema, knownValues } from './known-rows.ts'
import { type SourceUnderTest, sourceKinds } from './source-kinds.ts'

describe.each(sourceKinds.filter(({ obstacle }) => !obstacle))('source $kind', ({ open }) => {
  let data: OpenedData
  let source: SourceUnderTest
  let spec: object
  beforeAll(async () => {
    data = await openData()
    source = await open(data)
    const curate = [...(source.cast ? [{ cast: source.cast }] : []), ...(source.extra ? [{ drop: source.extra }] : [])]
    spec = { time: 'at', curate }
  })
  afterAll(async () => {
    await source?.close?.()
    await data.close()
  })

  test('shows its columns when it is tested', async () => {
    await data.sources.put(by, project, 'input', source.config)
    const tested = await data.sources.test(project, 'input')
    expect(tested.error).toBeUndefined()
    const expected = knownSchema.map((column) => (source.cast?.[column.name] ? { ...column, type: 'text' } : column))
    const known = (columns: readonly Column[] = []) => columns.filter(({ name }) => !source.extra?.includes(name))
    expect(known(tested.schema)).toEqual(expected)
    expect(known(await data.sources.columns(project, 'input'))).toEqual(expected)
  })

  test('previews so many rows', async () => {
    const preview = await data.sources.preview(project, 'input', 2)
    const places = ['id', 'name', 'amount'].map((name) => preview.columns.findIndex((column) => column.name === name))
    expect(preview.rows.map((row) => places.map((place) => row[place]))).toEqual(
      knownValues.slice(0, 2).map((row) => row.slice(0, 3)),
    )
  })

  test('gives every value as it is', async () => {
    const version = await data.make(source.config, spec)
    expect(version.schema).toEqual(knownSchema)
    expect(version.counts).toMatchObject({ read: 5, kept: 5, quarantined: 0, removed: 0 })
    const { rows } = await data.datasets.rows(project, 'rows', version.version)
    const rounded = (value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(15)) : value)
    expect(source.rounds ? rows.map((row) => row.map(rounded)) : rows).toEqual(knownValues)
    expect(version.sources).toMatchObject([{ name: 'input', rows: 5 }])
  })

  test('gives the rows of a window: its start inclusive, its end exclusive', async () => {
    const version = await data.make(source.config, spec, {
      from: Date.UTC(2001, 0, 31),
      to: Date.UTC(2001, 1, 15, 12, 30),
    })
    const { rows } = await data.datasets.rows(project, 'rows', version.version)
    expect(rows.map(([id]) => id)).toEqual([2, 3])
    expect(version.counts.read).toBe(2)
  })

  test('the same rows give the same version', async () => {
    const first = await data.make(source.config, spec)
    const again = await data.make(source.config, spec)
    expect(again.version).toBe(first.version)
    const other = await data.make(source.config, {
      ...spec,
      curate: [...(spec as { curate: object[] }).curate, { filter: 'id > 2' }],
    })
    expect(other.version).toBeGreaterThan(first.version)
    expect(other.counts).toMatchObject({ read: 5, kept: 3, removed: 2 })
  })

  test('pulls only what is new, and builds on what it has', async (context) => {
    if (!source.append) return context.skip()
    const incremental = { ...spec, mode: 'incremental' }
    const first = await data.make(source.config, incremental)
    expect(first.counts.kept).toBe(5)
    expect((await data.make(source.config, incremental)).version).toBe(first.version)
    await source.append([6, 7].map((id) => ({ ...knownRows[0]!, id })))
    const second = await data.make(source.config, incremental)
    expect(second.counts).toMatchObject({ read: 7, kept: 7 })
    expect(second.parent).toBe(first.version)
    const { rows } = await data.datasets.rows(project, 'rows', second.version)
    expect(rows.map(([id]) => id)).toEqual([1, 2, 3, 4, 5, 6, 7])
    const diff = await data.datasets.diff(project, 'rows', first.version, second.version)
    expect(diff.rows).toEqual({ a: 5, b: 7, common: 5, added: 2, removed: 0 })
    let newest = second
    for (let id = 8; id < 35; id++) {
      await source.append([{ ...knownRows[0]!, id }])
      newest = await data.make(source.config, incremental)
      expect(newest.counts.kept).toBe(id)
    }
    // many small batches have become one large one by now
    expect((await data.make(source.config, incremental)).version).toBe(newest.version)
    expect((await data.datasets.rows(project, 'rows', newest.version)).rows.map(([id]) => id)).toEqual(
      Array.from({ length: 34 }, (_, i) => i + 1),
    )
    const windowed = await data.make(source.config, incremental, {
      from: Date.UTC(2001, 0, 1),
      to: Date.UTC(2001, 0, 2),
    })
    expect(windowed.counts.kept).toBe(30)
  })

  test('takes rows that come late, and rows with a value that was there already', async (context) => {
    if (!source.append) return context.skip()
    const make = async (config: object) => {
      const { version } = await data.make({ ...source.config, ...config }, { ...spec, mode: 'incremental' })
      const { rows } = await data.datasets.rows(project, 'rows', version, { limit: 1000 })
      return { version, ids: rows.map(([id]) => Number(id)).sort((a, b) => a - b) }
    }
    const first = await make({ incremental: 'amount' })
    await source.append([{ ...knownRows[4]!, id: 50 }])
    const second = await make({ incremental: 'amount' })
    expect(second.ids).toEqual([...first.ids, 50])
    expect(await make({ incremental: 'amount' })).toEqual(second)

    for (const [base, key] of [
      [60, undefined],
      [80, ['id']],
    ] as const) {
      const late = { incremental: 'id', lag: 5, ...(key ? { key } : {}) }
      await source.append([{ ...knownRows[0]!, id: base + 5 }])
      const before = await make(late)
      // the first of them is too late
      await source.append([base - 1, base, base + 3, base + 6].map((id) => ({ ...knownRows[1]!, id })))
      const after = await make(late)
      expect(after.ids).toEqual([...before.ids, base, base + 3, base + 6].sort((a, b) => a - b))
      expect(await make(late)).toEqual(after)
    }
  })
})

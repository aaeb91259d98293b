import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenedData, openData } from '../data/open-data.ts'
import { failure } from './failure.ts'
import { columnarFormats } from './source-kinds.ts'

const kinds = [...Object.entries(columnarFormats), ['arrow', 'ArrowStream'] as const].map(([kind, format]) => ({
  kind,
  format,
}))

describe.each(kinds)('$kind as $format', ({ kind, format }) => {
  let data: OpenedData
  let whole: Buffer
  const file = (name: string, content: Buffer | string) => {
    const path = join(data.folder, `${name}.${kind}`)
    writeFileSync(path, content)
    return path
  }
  beforeAll(async () => {
    data = await openData()
    const path = join(data.folder, `whole.${kind}`)
    await data.environment.events.command(
      `INSERT INTO FUNCTION file('${path}', ${format}) SELECT toInt64(number) AS id, toString(number * 7) AS name, toInt64(rand(number)) AS chance FROM numbers(200000)`,
    )
    whole = readFileSync(path)
  })
  afterAll(() => data.close())

  test('rows come in their order', async () => {
    const version = await data.make({ kind, path: join(data.folder, `whole.${kind}`) })
    expect(version.counts).toMatchObject({ read: 200_000, kept: 200_000 })
    const { rows } = await data.datasets.rows('test', 'rows', version.version, { offset: 150_000, limit: 2 })
    expect(rows.map((row) => row.slice(0, 2))).toEqual([
      [150_000, '1050000'],
      [150_001, '1050007'],
    ])
  })

  test.each([
    ['half of it', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['all but its end', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
    ['a damaged middle', (bytes: Buffer) => Buffer.from(bytes).fill(0x5a, bytes.length >> 2, bytes.length >> 1)],
    ['text', () => Buffer.from('this is some text, no columns at all')],
    ['nothing', () => Buffer.alloc(0)],
  ])('%s is refused by name, and nothing is kept', async (name, change) => {
    const path = file(name.replaceAll(' ', '-'), change(whole))
    const error = await failure(data.make({ kind, path }))
    expect(error).toMatchObject({ code: 'source_unreadable', message: expect.stringContaining(`input (${path})`) })
    expect(error.message).not.toMatch(/std::|version 2\d/)
  })

  test('a file of another kind is refused', async () => {
    const other = kinds.find((one) => one.kind !== kind)!
    const path = join(data.folder, `other.${kind}`)
    await data.environment.events.command(
      `INSERT INTO FUNCTION file('${path}', ${other.format}) SELECT number AS id FROM numbers(10)`,
    )
    expect(await failure(data.make({ kind, path }))).toMatchObject({ code: 'source_unreadable' })
  })
})

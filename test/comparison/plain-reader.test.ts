import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareInThisProcess } from '../../src/comparison/compare-in-this-process.ts'
import { openEngineReader } from '../../src/comparison/engine-reader.ts'
import { openPlainReader } from '../../src/comparison/plain/plain-reader.ts'
import type { Table } from '../../src/comparison/table.ts'
import { openTableEngine } from '../../src/comparison/table-engine.ts'
import { tableFile } from '../../src/comparison/table-file.ts'
import type { TableReader } from '../../src/comparison/table-reader.ts'
import { quote } from '../../src/storage/events/bind-parameters.ts'

// What is read without the engine must be what the engine reads, whatever the writer chose.
const folder = mkdtempSync(join(tmpdir(), 'kedge-plain-'))
const ROWS = 20_000
const columns: Record<string, string> = {
  small: 'toInt8(number % 100 - 50)',
  unsigned: 'toUInt32(4294967295 - number * 77777)',
  large: 'toInt64(number - 10000) * 4611686018427',
  huge: 'toUInt64(9223372036854775808) + bitShiftLeft(toUInt64(number + 1), 45)',
  float: 'toFloat32(sin(number) * 1000)',
  // few different values in a long column, then many
  mixed: 'if(number < 12000, toFloat64(number % 7) / 4, sin(number) * pow(10, number % 30 - 15))',
  holes: 'if(number % 3 = 0 OR number BETWEEN 9000 AND 9999, NULL, toFloat64(number % 500) / 8)',
  strange:
    'multiIf(number % 101 = 0, nan, number % 103 = 0, inf, number % 107 = 0, -inf, number % 109 = 0, 0, number / 7)',
  empty: "CAST(NULL, 'Nullable(Float64)')",
  constant: 'toFloat64(1e9)',
  city: "if(number % 50 = 7, NULL, concat('city ', toString(number % 40), if(number % 40 = 3, ' é€𝄞', '')))",
  word: "concat('w', toString(cityHash64(number) % 90000), if(number % 2 = 0, 'é', ''))",
  flag: 'if(number % 9 = 0, NULL, number % 2 = 0)',
  day: "toDate32('1969-12-01') + number % 400",
  moment: "toDateTime64('2001-01-01 00:00:00', 3, 'UTC') + number * 61.007",
  score: 'toFloat64(cityHash64(number, 1) % 1000) / 999',
  truth: 'toUInt8(cityHash64(number, 2) % 1000 < cityHash64(number, 1) % 1000)',
}
const writers: Record<string, Record<string, string | number>> = {
  'zstd, dictionaries': {},
  'snappy, small groups': {
    output_format_parquet_compression_method: 'snappy',
    output_format_parquet_row_group_size: 7001,
    output_format_parquet_data_page_size: 4096,
  },
  'gzip, no dictionaries': {
    output_format_parquet_compression_method: 'gzip',
    output_format_parquet_max_dictionary_size: 0,
    output_format_parquet_data_page_size: 20_000,
  },
  'zstd, small dictionaries': {
    output_format_parquet_max_dictionary_size: 2000,
    output_format_parquet_row_group_size: 11_000,
  },
  'brotli, as bytes': { output_format_parquet_compression_method: 'brotli', output_format_parquet_string_as_string: 0 },
  plain: { output_format_parquet_compression_method: 'none', output_format_parquet_version: '1.0' },
}
const path = (writer: string) => join(folder, `${writer.replaceAll(/\W+/g, '-')}.parquet`)

beforeAll(async () => {
  const engine = await openTableEngine(2 ** 31)
  const selected = Object.entries(columns).map(([name, sql]) => `${sql} AS ${name}`)
  for (const [writer, settings] of Object.entries(writers))
    await engine.query(
      `INSERT INTO FUNCTION file(${quote(path(writer))}, Parquet) SELECT ${selected.join(', ')} FROM numbers(${ROWS}) SETTINGS max_threads = 1${Object.entries(
        settings,
      )
        .map(([name, value]) => `, ${name} = ${typeof value === 'number' ? value : quote(value)}`)
        .join('')}`,
    )
  await engine.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function read(reader: TableReader, file: string) {
  try {
    const table: Table = await reader.open(await tableFile(file), 'reference')
    const scanned = table.columns.map(({ name, type, kind }) => ({ name, type, kind: kind!, parsed: false }))
    const of = (...names: string[]) => names.map((name) => scanned.find((column) => column.name === name)!)
    const [score, truth, target, prediction] = of('score', 'truth', 'holes', 'small')
    const model = { positive: undefined, threshold: 0.4 }
    return {
      rows: table.rows,
      columns: table.columns,
      notes: table.notes,
      profile: await reader.profile(
        table,
        13,
        scanned.filter(({ name }) => name !== 'word'),
      ),
      texts: await reader.profile(
        table,
        13,
        of('word', 'city').map((column) => ({ ...column, kind: 'text' as const })),
      ),
      many: (await reader.profile(table, 13, of('word'))).columns.get('word')!.overflow,
      correlations: await reader.correlations(table, of('small', 'mixed', 'holes', 'float')),
      scores: await reader.scoreSums(table, 13, { ...model, score: score!, target: truth!, prediction: null }),
      errors: await reader.errorSums(table, 13, { ...model, score: null, target: target!, prediction: prediction! }),
      // the engine gives them in any order; the last number tells them apart
      sample: (await reader.sampleRows(table, of('mixed', 'strange', 'huge'), 900)).sort((a, b) => a[2]! - b[2]!),
    }
  } finally {
    await reader.close()
  }
}

/** Where two values differ by more than sums in another order do; distinct counts are estimates. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (typeof a === 'number' && typeof b === 'number') {
    const within = path.endsWith('distinct') && a > 1000 ? 0.03 : 1e-9
    return Object.is(a, b) || Math.abs(a - b) <= within * Math.max(1e-3, Math.abs(a), Math.abs(b))
      ? []
      : [`${path}: ${a}, ${b}`]
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return a === b ? [] : [`${path}: ${a}, ${b}`]
  const entries = (of: object): Map<unknown, unknown> => (of instanceof Map ? of : new Map(Object.entries(of)))
  const [left, right] = [entries(a), entries(b)]
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
    differences(left.get(key), right.get(key), `${path}/${key}`),
  )
}

test.each(Object.keys(writers))('reads what the engine reads: %s', async (writer) => {
  const file = path(writer)
  const [plain, engine] = [
    await read(openPlainReader(undefined), file),
    await read(await openEngineReader(2 ** 31), file),
  ]
  expect(differences(plain, engine)).toEqual([])
})

test('a file with a damaged page is left to the engine', async () => {
  const file = path('snappy, small groups')
  const whole = readFileSync(file)
  const damaged = join(folder, 'damaged.parquet')
  const request = { reference: file, threshold: 0.5, smallest: 0, monitors: {} }
  const good = await compareInThisProcess({ ...request, current: file })
  expect(good?.verdict.quality).toBe('ok')
  let refused = 0
  for (let position = 5; position < whole.length - 50_000; position += Math.ceil(whole.length / 4)) {
    writeFileSync(damaged, Buffer.from(whole).fill(0xff, position, position + 64))
    if ((await compareInThisProcess({ ...request, current: damaged })) === undefined) refused++
  }
  expect(refused).toBeGreaterThan(0)
})

test('what only the engine can do is left to it', async () => {
  const file = path('plain')
  const request = { reference: file, current: file, threshold: 0.5, smallest: 0, monitors: {} }
  expect(await compareInThisProcess({ ...request, target: 'truth', score: 'score', groups: ['city'] })).toBeUndefined()
  await expect(compareInThisProcess({ ...request, target: 'no such column' })).rejects.toThrow('no such column')
})

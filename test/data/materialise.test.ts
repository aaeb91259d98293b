import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { by, flightsFile, type OpenedData, openData, project } from './open-data.ts'

const january = { from: Date.UTC(2001, 0, 1), to: Date.UTC(2001, 1, 1) }
const flights = {
  from: 'history',
  time: 'date',
  curate: [
    { deduplicate: 'all' },
    { outliers: { column: 'delay', method: 'iqr', factor: 20, action: 'quarantine' } },
    { derive: { hour: 'hour(date)', weekday: 'weekday(date)', late: 'to_int(delay > 15)' } },
  ],
  expect: [{ not_null: ['date', 'delay'] }, { between: { column: 'distance', min: 1, max: 6000 } }],
}

async function declareFlights(data: OpenedData) {
  await data.sources.put(by, project, 'history', { kind: 'parquet', path: flightsFile })
  await data.datasets.put(by, project, 'flights', flights)
}

describe('flights', () => {
  let data: OpenedData
  beforeAll(async () => {
    data = await openData()
    await declareFlights(data)
  })
  afterAll(() => data.close())
  const make = (window = january) => data.datasets.materialiseNow(by, { project, dataset: 'flights', ...window })

  test('January becomes version 1, with counts, profile and event', async () => {
    const version = await make()
    expect(version).toMatchObject({
      version: 1,
      state: 'published',
      rowCount: 508_131,
      window: january,
      parent: null,
      actor: by.actor,
      counts: { read: 508_239, kept: 508_131, quarantined: 73, removed: 35 },
      quarantine: { rows: 73, reasons: [{ step: 2, operation: 'outliers', rows: 73 }] },
    })
    expect(version.schema.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'date time',
      'delay int',
      'distance int',
      'origin text',
      'destination text',
      'hour int',
      'weekday int',
      'late int',
    ])
    const column = (name: string) => version.profile.columns.find((one) => one.name === name)!
    expect(column('late').mean).toBeCloseTo(0.2049, 3)
    expect(column('origin')).toMatchObject({
      missing: 0,
      categories: expect.arrayContaining([{ value: 'ORD', count: 27_688 }]),
    })
    expect(column('delay').sketch!.counts.reduce((a, b) => a + b)).toBe(508_131)
    expect(column('date').histogram!.counts.reduce((a, b) => a + b)).toBe(508_131)
    const [event] = await data.environment.journal.read({ subject: 'dataset_version/flights@1' })
    expect(event).toMatchObject({
      id: version.eventId,
      type: 'dataset_version.published',
      data: { digest: version.digest, rows: 508_131, quarantined: 73 },
    })
    expect(existsSync(await data.datasets.localFile(version))).toBe(true)
  })

  test('the same inputs give the same version, at once and many at a time', async () => {
    const again = await Promise.all([make(), make(), make()])
    expect(new Set(again.map(({ version }) => version))).toEqual(new Set([1]))
    const february = { from: january.to, to: Date.UTC(2001, 1, 3) }
    const made = await Promise.all([make(february), make(february)])
    expect(new Set(made.map(({ version }) => version)).size).toBe(1)
    expect((await data.datasets.versions(project, 'flights')).total).toBe(2)
  })

  test('the same rows have the same digest wherever they are made', async () => {
    const other = await openData()
    await declareFlights(other)
    const there = await other.datasets.materialiseNow(by, { project, dataset: 'flights', ...january })
    expect(there.digest).toBe((await data.datasets.version(project, 'flights', 1)).digest)
    await other.close()
  })

  test('two versions are compared: schema, rows, distributions', async () => {
    const diff = await data.datasets.diff(project, 'flights', 1, 2)
    expect(diff.rows).toMatchObject({ a: 508_131, common: 0, removed: 508_131 })
    expect(diff.schema).toEqual({ added: [], removed: [], changed: [] })
    const delay = diff.columns.find(({ name }) => name === 'delay')!
    expect(delay.distance!.value).toBeGreaterThan(0)
    for (const side of ['a', 'b'] as const)
      expect(delay.bins.reduce((sum, bin) => sum + bin[side], 0)).toBeCloseTo(1, 9)
  })

  test('a job makes a version and says which', async () => {
    data.environment.jobs.start()
    const window = { from: Date.UTC(2001, 5, 1), to: Date.UTC(2001, 5, 2) }
    const { jobId } = await data.datasets.materialise(by, project, 'flights', window)
    const job = await data.environment.jobs.wait(jobId)
    const version = await data.datasets.version(project, 'flights', 'latest')
    expect(job.result).toEqual({ version: version.version, digest: version.digest, rowCount: version.rowCount })
    expect(version.window).toEqual(window)
  })

  test('a cancelled run leaves nothing', async () => {
    const abort = new AbortController()
    const window = { from: Date.UTC(2001, 3, 1), to: Date.UTC(2001, 4, 1) }
    const before = (await data.datasets.versions(project, 'flights')).total
    const progress = ({ stage }: { stage: string }) => stage === 'curate' && setTimeout(() => abort.abort(), 30)
    await expect(
      data.datasets.materialiseNow(
        by,
        { project, dataset: 'flights', ...window },
        { signal: abort.signal, progress: progress as never },
      ),
    ).rejects.toMatchObject({ code: 'cancelled' })
    expect((await data.datasets.versions(project, 'flights')).total).toBe(before)
    expect(readdirSync(join(data.environment.dataDirectory, 'tmp', 'data'))).toEqual([])
  })

  test('windows need a time column and two ends in order', async () => {
    await expect(make({ from: 2, to: 1 })).rejects.toMatchObject({ code: 'invalid_input' })
    await data.datasets.put(by, project, 'timeless', { from: 'history' })
    await expect(data.datasets.materialiseNow(by, { project, dataset: 'timeless', ...january })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    await data.datasets.put(by, project, 'timeless', { from: 'history', time: 'when' })
    await expect(data.datasets.materialiseNow(by, { project, dataset: 'timeless' })).rejects.toThrow(
      'the source has no column when',
    )
  })
})

test('a rejected version stays unpublished, with its reasons', async () => {
  const data = await openData()
  const path = join(data.folder, 'few.csv')
  writeFileSync(path, 'x\n1\n2\n')
  const spec = { expect: [{ row_count: { min: 10 } }, { between: { column: 'x', max: 1 } }] }
  await expect(data.make({ kind: 'csv', path })).resolves.toMatchObject({ version: 1 })
  for (let i = 0; i < 2; i++) {
    const error = await data.make({ kind: 'csv', path }, spec).catch((thrown) => thrown)
    expect(error).toMatchObject({
      code: 'expectations_failed',
      message: expect.stringContaining('2 rows, not 10 to ∞; not in 1 of 2 values: x lies in'),
    })
    expect(error.places).toHaveLength(2)
  }
  expect((await data.datasets.version(project, 'rows', 'latest')).version).toBe(1)
  expect(await data.datasets.version(project, 'rows', 2)).toMatchObject({ state: 'rejected', rowCount: 2 })
  expect(
    (await data.environment.journal.read({ types: ['dataset_version.rejected'] })).map(({ data }) => data),
  ).toMatchObject([{ version: 2, reasons: ['2 rows, not 10 to ∞', expect.any(String)] }])
  await data.close()
})

test('kill -9 at any moment leaves nothing half-written, and the rest goes on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kedge-killed-'))
  const prepared = await openData({ directory })
  await declareFlights(prepared)
  await prepared.close()
  const program = fileURLToPath(new URL('./materialise-until-killed.ts', import.meta.url))
  const said = new Map<number, { day: number; version: number; digest: string; rows: number }>()
  const rounds = Number(process.env.KEDGE_TEST_KILLS ?? 6)
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, [program, directory, String(said.size)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const made = JSON.parse(line)
        said.set(made.day, made)
        // the next is somewhere between opening its source and publishing
        setTimeout(resolve, (round * 97) % 600)
      })
      void ended.then(() => resolve())
    })
    child.kill('SIGKILL')
    await ended
  }
  const data = await openData({ directory })
  const { items } = await data.datasets.versions(project, 'flights', { limit: 1000 })
  expect(said.size).toBeGreaterThanOrEqual(rounds)
  expect(items.map(({ version }) => version).sort((a, b) => a - b)).toEqual(items.map((_, i) => i + 1))
  for (const made of said.values())
    expect(items.find(({ version }) => version === made.version)).toMatchObject({
      digest: made.digest,
      rowCount: made.rows,
    })
  // at most the one that was under way at each kill is there without having been said
  expect(items.length).toBeLessThanOrEqual(said.size + rounds)
  const events = await data.environment.journal.read({ types: ['dataset_version.published'] })
  expect(events).toHaveLength(items.length)
  for (const version of items)
    expect((await data.datasets.rows(project, 'flights', version.version, { limit: 1 })).total).toBe(version.rowCount)
  const temporary = join(directory, 'tmp', 'data')
  expect(existsSync(temporary) ? readdirSync(temporary) : []).toEqual([])
  await data.close()
  rmSync(directory, { recursive: true, force: true })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parquetWriteFile } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readParquet } from '../../src/registry/parquet-columns.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

const start = Date.UTC(2001, 0, 1)
const context = { actor: 'test' }
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/models/${name}`, import.meta.url))

/** Rows of the world that the models of the fixtures were made for. `shift` is the effect of SFO. */
function writeRows(path: string, rows: number, seed: number, shift: number) {
  const random = seededRandom(seed)
  const origins = ['SJC', 'SFO', 'LAX', 'ORD', 'ATL']
  const all = Array.from({ length: rows }, (_, i) => {
    const distance = -250 * Math.log(random() * random() * random() + 1e-12)
    const hour = Math.floor(random() * 24)
    const origin = origins[Math.floor(random() * origins.length)]!
    const logit = -2 + 0.09 * hour + (origin === 'ORD' ? 0.6 : 0) + (origin === 'SFO' ? shift : 0) - distance / 4000
    return { distance, hour, origin, late: random() < 1 / (1 + Math.exp(-logit)), date: new Date(start + i * 60_000) }
  })
  parquetWriteFile({
    filename: path,
    columnData: [
      { name: 'distance', type: 'DOUBLE', data: all.map((row) => row.distance) },
      { name: 'hour', type: 'DOUBLE', data: all.map((row) => row.hour) },
      { name: 'origin', type: 'STRING', data: all.map((row) => row.origin) },
      { name: 'late', type: 'BOOLEAN', data: all.map((row) => row.late) },
      { name: 'date', type: 'TIMESTAMP', data: all.map((row) => row.date) },
    ],
  })
}

describe('the gate', () => {
  let directory: string
  let server: TrackingServer
  const parquet = (name: string) => join(directory, `${name}.parquet`)

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kedge-gate-'))
    writeRows(parquet('rows-1'), 3000, 1, 1.5)
    writeRows(parquet('rows-2'), 5000, 2, 1.5)
    server = await startTrackingServer(join(directory, 'data'), {
      files: { localFile: async (_project, dataset, version) => parquet(`${dataset}-${version}`) },
    })
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  const register = async (folder: string, step: string) => {
    const { digest, bytes } = await putFolder(server.blobs, folder)
    return server.registry.versions.create(context, 'flights', 'delay', {
      pipelineRunId: 1,
      step,
      artifact: { digest, kind: 'onnx', bytes },
      datasetVersions: [
        { dataset: 'rows', version: 1, role: 'train' },
        { dataset: 'rows', version: 2, role: 'holdout' },
      ],
      holdout: { dataset: 'rows', version: 2 },
    })
  }
  const decided = (version: number) => decision(server, version)

  test('lets the first version pass, and keeps its scored rows as its reference', async () => {
    const first = await register(fixture('delay-1'), 'fit')
    expect(first).toEqual({ version: 1 })
    expect(await register(fixture('delay-1'), 'fit')).toEqual({ version: 1 })
    const event = await decided(1)
    expect(event).toMatchObject({ type: 'gate.passed', data: { champion: null } })

    const version = await server.registry.versions.get('flights', 'delay', 1)
    expect(version).toMatchObject({ gate: 'passed', signature: { task: 'binary', target: 'late' } })
    const reference = await readParquet(await server.blobs.localPath(version.reference!), [
      'distance',
      'origin',
      'score',
      'out_of_fold',
      'label',
      'time',
      'split',
    ])
    expect(reference.rows).toBe(8000)
    const split = reference.cells.get('split')!
    expect(split.filter((part) => part === 'holdout')).toHaveLength(5000)
    const outOfFold = reference.cells.get('out_of_fold')!
    const scores = reference.cells.get('score')!
    expect(outOfFold).toEqual(split.map((part, i) => (part === 'holdout' ? scores[i] : null)))
    expect(new Set(reference.cells.get('label'))).toEqual(new Set([0, 1]))
    expect((reference.cells.get('time')![0] as Date).getTime()).toBe(start)
  })

  test('compares with the champion on the same rows, with an interval', async () => {
    await server.registry.aliases.move(context, 'flights', 'delay', 'champion', 1, 'the first')
    await register(fixture('delay-2'), 'fit-again')
    const event = await decided(2)
    const [result] = await server.registry.gate.results('flights', 'delay', 2)
    expect(result).toMatchObject({
      champion: 1,
      evidence: { rows: 5000, task: 'binary', window: { from: start }, rules: [{ metric: 'log_loss' }] },
    })
    const rule = result!.evidence!.rules[0]!
    expect(rule.difference!.value).toBeCloseTo(rule.challenger!.value - rule.champion!.value, 10)
    expect(rule.difference!.low).toBeLessThan(rule.difference!.value)
    expect(event.type).toBe(rule.difference!.value <= 0 ? 'gate.passed' : 'gate.failed')
    expect(rule.difference!.value).toBeLessThan(0)
  })

  test('keeps a worse version out, with the reason', async () => {
    await server.registry.aliases.move(context, 'flights', 'delay', 'champion', 2, 'it was better')
    await server.registry.models.put(context, 'flights', 'delay', {
      gate: [{ metric: 'auc', at_least: 'champion', margin: 0 }],
    })
    await register(fixture('delay-1'), 'worse')
    const event = await decided(3)
    expect(event).toMatchObject({ type: 'gate.failed', data: { champion: 2 } })
    expect((event.data as { reasons: string[] }).reasons[0]).toMatch(
      /auc at least the champion's: auc is .* worse than/,
    )
    expect((await server.registry.aliases.history('flights', 'delay'))[0]).toMatchObject({
      alias: 'champion',
      from: 1,
      to: 2,
      reason: 'it was better',
    })
  })

  test('fails, and says why, when the model cannot be run', async () => {
    await register(fixture('matrix'), 'other')
    const event = await decided(4)
    expect(event).toMatchObject({ type: 'gate.failed' })
    const [result] = await server.registry.gate.results('flights', 'delay', 4)
    expect(result).toMatchObject({ evidence: null, error: expect.stringContaining('target') })
    expect((await server.registry.versions.get('flights', 'delay', 4)).gate).toBe('failed')
  })

  test('offers its evidence over REST', async () => {
    const get = async (path: string) => (await fetch(`${server.address}/api/v1/projects/flights/models${path}`)).json()
    expect(await get('')).toMatchObject({
      items: [{ name: 'delay', versions: 4, latestVersion: 4, aliases: { champion: 2 } }],
    })
    expect(await get('/delay/versions/2/gate')).toMatchObject({
      items: [{ state: 'passed', champion: 1, evidence: { rules: [{ outcome: 'passed' }] } }],
    })
    expect(await get('/delay/promotions')).toMatchObject({ items: [{ to: 2, actor: 'test' }, { to: 1 }] })
    expect(await get('/delay/versions')).toMatchObject({
      total: 4,
      items: [{ version: 4 }, { version: 3 }, { version: 2, aliases: ['champion'] }, { version: 1 }],
    })
  })
})

async function decision(server: TrackingServer, version: number) {
  const stop = new AbortController()
  for await (const event of server.journal.follow({ after: 0, types: ['gate.passed', 'gate.failed'] }, stop.signal))
    if ((event.data as { version: number }).version === version) {
      stop.abort()
      return event
    }
  throw new Error('the journal ended')
}

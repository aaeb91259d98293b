import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

const context = { actor: 'test' }

describe("Kedge's own API of experiments and runs", () => {
  let directory: string
  let server: TrackingServer
  const ids: string[] = []
  const get = async (path: string) => {
    const answer = await fetch(`${server.address}/api/v1/projects/p/${path}`)
    return { status: answer.status, body: JSON.parse(await answer.text()) }
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kedge-api-'))
    server = await startTrackingServer(directory)
    const { experiments, runs, values, artifacts } = server.tracking
    const experimentId = await experiments.ensure(context, 'p', 'flights')
    expect(await experiments.ensure(context, 'p', 'flights')).toBe(experimentId)
    for (const [i, kind] of ['tree', 'linear', 'tree'].entries()) {
      const run = await runs.create(context, {
        project: 'p',
        experimentId,
        name: `r${i}`,
        startTime: 1000 + i,
        pipelineRun: 7,
        step: `fit-${i}`,
      })
      // a second creation for the step gives the same run
      expect((await runs.create(context, { project: 'p', experimentId, pipelineRun: 7, step: `fit-${i}` })).id).toBe(
        run.id,
      )
      ids.push(run.id)
      await values.log(context, 'p', run.id, {
        params: [
          { key: 'kind', value: kind },
          { key: 'seed', value: '1' },
        ],
        metrics: Array.from({ length: 998 }, (_, step) => ({
          key: 'loss',
          value: step === 500 ? 99 : step === 501 ? Number.NaN : 1 / (step + i + 1),
          time: step,
          step,
        })),
      })
    }
    await artifacts.put(context, 'p', `1/${ids[0]}/artifacts/plots/a.txt`, Buffer.from('hello'))
    await runs.finish(context, 'p', ids[0]!, 'FINISHED')
    await runs.finish(context, 'p', ids[0]!, 'FAILED')
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('lists experiments with their runs, filtered and in order', async () => {
    expect((await get('experiments')).body.items).toMatchObject([
      { name: 'flights', runs: 3 },
      { name: 'Default', runs: 0 },
    ])
    const { body } = await get(
      `runs?experiment=1&filter=${encodeURIComponent("params.kind = 'tree' OR metrics.loss > 50")}&order=${encodeURIComponent('metrics.loss ASC')}`,
    )
    expect(body).toMatchObject({
      total: 2,
      items: [{ name: 'r2' }, { name: 'r0', status: 'FINISHED', pipelineRun: 7 }],
      columns: { params: ['kind', 'seed'], metrics: ['loss'], tags: [] },
    })
    const wrong = await get(`runs?filter=${encodeURIComponent('params.kind = ')}`)
    expect(wrong).toMatchObject({ status: 400, body: { error: { code: 'filter_invalid' } } })
    expect((await get('runs?limit=2&offset=2')).body).toMatchObject({ total: 3, items: [{ name: 'r0' }] })
  })

  it('thins a curve and keeps its extremes and gaps', async () => {
    const { body } = await get(`runs/${ids[0]}/metrics?key=loss&points=50`)
    expect(body.total).toBe(998)
    expect(body.points.length).toBeLessThanOrEqual(60)
    expect(body.points.map((point: { value: number | null }) => point.value)).toEqual(
      expect.arrayContaining([1, 99, null, 1 / 998]),
    )
    expect((await get(`runs/${ids[0]}/metrics?key=none`)).body).toEqual({
      key: 'none',
      total: 0,
      within: 0,
      firstTime: null,
      points: [],
    })
  })

  it('shows a run, its files, and what differs from another', async () => {
    expect((await get(`runs/${ids[0]}`)).body).toMatchObject({
      id: ids[0],
      status: 'FINISHED',
      params: { kind: 'tree' },
      latest: [{ key: 'loss', step: 997 }],
      modelVersions: [],
    })
    expect((await get('runs/none')).status).toBe(404)
    expect((await get(`runs/${ids[0]}/artifacts?path=plots`)).body.items).toMatchObject([
      { path: 'plots/a.txt', name: 'a.txt', bytes: 5, directory: false },
    ])
    const file = await fetch(`${server.address}/api/v1/projects/p/runs/${ids[0]}/artifacts/file?path=plots/a.txt`)
    expect([await file.text(), file.headers.get('content-disposition')]).toEqual([
      'hello',
      "attachment; filename*=UTF-8''a.txt",
    ])
    const { body } = await get(`runs/compare?runs=${ids.slice(0, 2).join(',')}`)
    expect(body.params).toEqual([
      { key: 'kind', values: ['tree', 'linear'], differs: true },
      { key: 'seed', values: ['1', '1'], differs: false },
    ])
  })
})

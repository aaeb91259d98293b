import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { createHttpServer } from '../../src/protocols/http-server.ts'
import { pipelinesRoutes } from '../../src/protocols/kedge/pipelines-routes.ts'
import { openStand, type Stand } from './stand.ts'

describe('routes of pipelines', () => {
  let directory: string
  let stand: Stand
  let app: FastifyInstance
  let url: string
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kedge-pipeline-routes-'))
    stand = await openStand(directory)
    app = createHttpServer({
      log: silentLog,
      identify: async () => ({ actor: 'local', may: () => true }),
      allowedHosts: new Set(['127.0.0.1']),
    })
    pipelinesRoutes(app, stand)
    await app.listen({ port: 0, host: '127.0.0.1' })
    url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/api/v1/projects/p`
  })
  afterAll(async () => {
    await app.close()
    await stand.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const send = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, never> }
  }

  it('declares, starts, follows the log live and shows the end', async () => {
    const script = Buffer.from('for i in 1 2 3; do echo "grüße $i"; sleep 0.2; done\n').toString('base64')
    const put = await send('PUT', '/pipelines/talk', {
      spec: { steps: { only: { run: 'sh talk.sh' } } },
      files: { 'talk.sh': script },
    })
    expect(put.status).toBe(200)
    expect(put.body).toMatchObject({
      name: 'talk',
      steps: [{ name: 'only', run: 'sh talk.sh', waitsFor: [] }],
      lastRun: null,
    })
    const started = await send('POST', '/pipelines/talk/runs', {})
    expect(started.status).toBe(201)
    const { id } = started.body

    const response = await fetch(`${url}/pipeline-runs/${id}/steps/only/log`, {
      headers: { accept: 'text/event-stream' },
    })
    let text = ''
    let arrivals = 0
    let whole = ''
    for await (const chunk of response.body!) {
      whole += Buffer.from(chunk).toString()
      if (/grüße/.test(Buffer.from(chunk).toString())) arrivals++
    }
    let state = ''
    for (const [, data] of whole.matchAll(/^data: (.*)$/gm)) {
      const message = JSON.parse(data!)
      text += message.text ?? ''
      state = message.state ?? state
    }
    expect(text).toContain('grüße 1\ngrüße 2\ngrüße 3\n')
    expect(arrivals).toBeGreaterThan(1)
    expect(state).toBe('succeeded')
    const plain = await fetch(`${url}/pipeline-runs/${id}/steps/only/log`)
    expect(plain.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await plain.text()).toBe(text)
    const later = await fetch(`${url}/pipeline-runs/${id}/steps/only/log/stream?from=${Buffer.byteLength(text) - 8}`)
    expect(await later.text()).toContain('"text":"grüße 3'.slice(0, 3))

    // a step ends before its run
    await expect
      .poll(async () => (await send('GET', `/pipeline-runs/${id}`)).body)
      .toMatchObject({ state: 'succeeded', steps: [{ name: 'only', state: 'succeeded', exitCode: 0 }] })
    const list = await send('GET', '/pipeline-runs?pipeline=talk&limit=5')
    expect(list.body).toMatchObject({ total: 1, items: [{ id }] })
    expect((await send('GET', '/pipelines')).body).toMatchObject({
      items: [{ name: 'talk', lastRun: { id, state: 'succeeded' } }],
    })
  })

  it('answers mistakes with what to do', async () => {
    expect(await send('GET', '/pipelines/none')).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } })
    expect(await send('POST', '/pipelines/none/runs', {})).toMatchObject({ status: 404 })
    expect(await send('GET', '/pipeline-runs/99999')).toMatchObject({ status: 404 })
    expect(await send('GET', '/pipeline-runs/abc')).toMatchObject({ status: 400 })
    expect(await send('PUT', '/pipelines/bad', { spec: { steps: {} } })).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_input', places: [{ where: 'steps' }] } },
    })
    const unknown = await fetch(`${url}/pipeline-runs/1/steps/none/log/stream`)
    expect(unknown.status).toBe(404)
    const [run] = (await stand.pipelines.runs.list('p')).items
    expect(await send('POST', `/pipeline-runs/${run!.id}/cancel`, {})).toMatchObject({ status: 409 })
  })

  it('says which executors work', async () => {
    const response = await fetch(url.replace('/projects/p', '/executors'))
    expect(await response.json()).toMatchObject({ items: [{ kind: 'process', available: true }, { kind: 'sandbox' }] })
  })
})

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { createHttpServer } from '../../src/protocols/http-server.ts'
import { automationRoutes } from '../../src/protocols/kedge/automation-routes.ts'
import { startReceiver } from '../channels/receiver.ts'
import { type AutomationStand, february, me, openAutomationStand, project, until } from './stand.ts'

describe('deliveries', () => {
  let directory: string
  let stand: AutomationStand
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kedge-deliveries-'))
    stand = await openAutomationStand(directory, { retries: { first: 20, longest: 100, attempts: 4 } })
  })
  afterEach(async () => {
    await stand.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const channel = (name: string, spec: Record<string, unknown>) =>
    stand.automation.channels.put(me, project, name, spec)
  const settled = (count: number) =>
    until(async () => {
      const { items } = await stand.automation.deliveries.list(project)
      return items.length >= count && items.every((one) => one.state !== 'queued') && items
    })

  it('tells each channel what it listens to, once, and nothing else', async () => {
    const receiver = await startReceiver()
    await channel('hook', { kind: 'webhook', url: receiver.url, on: ['alert.*'], secret: { secret: 'key' } })
    await channel('file', { kind: 'log', on: ['drift.detected', 'pipeline_run.failed'] })
    await channel('off', { kind: 'log', on: ['alert.opened'], enabled: false })
    const event = await stand.openAlert(1, february)
    await stand.openAlert(2, february, 'quality')
    await stand.closeAlert(1)
    await stand.finishRun(1, 'succeeded')
    await stand.finishRun(2, 'failed')
    const items = await settled(5)
    expect(items.map(({ channel, type, state, attempts }) => `${channel} ${type} ${state} ${attempts}`).sort()).toEqual(
      [
        'file alert.opened delivered 1',
        'file pipeline_run.finished delivered 1',
        'hook alert.closed delivered 1',
        'hook alert.opened delivered 1',
        'hook alert.opened delivered 1',
      ],
    )
    expect(receiver.received).toHaveLength(3)
    expect(receiver.received[0]!.headers['x-kedge-signature']).toMatch(/^v1,/)
    expect(receiver.received.map((one) => JSON.parse(one.body).event.id)).toContain(event)
    expect(
      readFileSync(join(directory, 'channels', 'notifications.jsonl'), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(2)
    await receiver.close()
  })

  it('tries again with the same id until it is taken', async () => {
    const receiver = await startReceiver((count) => ({ status: count < 3 ? 503 : 200 }))
    await channel('hook', { kind: 'webhook', url: receiver.url })
    await stand.openAlert(1, february)
    const [delivery] = await settled(1)
    expect(delivery).toMatchObject({ state: 'delivered', attempts: 3, status: 200, reason: null })
    expect(new Set(receiver.received.map((one) => one.headers['x-kedge-delivery-id']))).toEqual(new Set([delivery!.id]))
    await receiver.close()
  })

  it('gives up in the end and says so', async () => {
    const receiver = await startReceiver(() => ({ status: 500 }))
    await channel('hook', { kind: 'webhook', url: receiver.url })
    await stand.openAlert(1, february)
    expect(await settled(1)).toMatchObject([
      { state: 'failed', attempts: 4, status: 500, reason: 'it answers with status 500', nextAt: null },
    ])
    expect(await stand.environment.journal.read({ types: ['delivery.failed'] })).toMatchObject([
      { subject: 'channel/hook', data: { attempts: 4 } },
    ])
    await receiver.close()
  })

  it('answers over the API without what only the receiver should know', async () => {
    const receiver = await startReceiver()
    const app = createHttpServer({
      log: silentLog,
      identify: async () => ({ actor: 'local', may: () => true }),
      allowedHosts: new Set(['localhost']),
    })
    automationRoutes(app, stand)
    const send = async (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object) => {
      const response = await app.inject({
        method,
        url: `/api/v1/projects/${project}${path}`,
        headers: { host: 'localhost' },
        ...(body ? { payload: body } : {}),
      })
      return { status: response.statusCode, body: response.json() }
    }
    const put = await send('PUT', '/channels/hook', {
      spec: { kind: 'webhook', url: receiver.url, secret: { secret: 'key' } },
    })
    expect(put).toMatchObject({ status: 200, body: { name: 'hook', hasSecret: true } })
    expect(JSON.stringify(put.body)).not.toContain('private')
    expect(
      await send('PUT', '/channels/bad', { spec: { kind: 'webhook', url: 'ftp://x', on: ['nothing.happens'] } }),
    ).toMatchObject({ status: 400, body: { error: { places: [{ where: 'url' }, { where: 'on.0' }] } } })
    const test = await send('POST', '/channels/hook/test', {})
    expect(test).toMatchObject({ status: 202, body: { state: 'queued', type: 'channel.test' } })
    await settled(1)
    expect(await send('GET', `/deliveries/${test.body.id}`)).toMatchObject({
      status: 200,
      body: { state: 'delivered' },
    })
    expect(await send('GET', '/deliveries?state=delivered')).toMatchObject({ body: { total: 1 } })
    expect(JSON.parse(receiver.received[0]!.body).event).toMatchObject({ id: null, type: 'channel.test' })
    expect((await send('GET', '/channels')).body.items).toHaveLength(1)
    expect(
      await send('PUT', '/rules/retrain', { spec: { on: 'schedule', cron: '0 3 * * 1', do: 'run train' } }),
    ).toMatchObject({ status: 200, body: { state: 'active', nextAt: expect.any(Number) } })
    expect(await send('GET', '/rules')).toMatchObject({ body: { items: [{ name: 'retrain', failures: 0 }] } })
    expect(await send('POST', '/rules/retrain/reset', {})).toMatchObject({ status: 409 })
    expect(await send('GET', '/firings')).toMatchObject({ body: { items: [], total: 0 } })
    expect(await send('DELETE', '/rules/none')).toMatchObject({ status: 404 })
    const kinds = await app.inject({ url: '/api/v1/channel-kinds', headers: { host: 'localhost' } })
    expect(kinds.json().items.map((kind: { kind: string }) => kind.kind)).toEqual(['log', 'webhook'])
    await app.close()
    await receiver.close()
  })
})

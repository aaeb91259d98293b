import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { channels } from '../../src/adapters/channels/index.generated.ts'
import type { Channel, ChannelEnvironment, ChannelMessage } from '../../src/contracts/channel.ts'
import { KedgeError } from '../../src/errors.ts'
import { startReceiver } from './receiver.ts'

const folder = mkdtempSync(join(tmpdir(), 'kedge-channels-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const message: ChannelMessage = {
  deliveryId: '0b0e8d3e-6f0f-4c5e-9a51-0a8b8f2f6f11',
  time: 981_936_000_123,
  project: 'flights',
  channel: 'people',
  event: {
    id: 7,
    time: 981_936_000_000,
    type: 'alert.opened',
    subject: 'alert/3',
    actor: 'reader/x',
    cause: 6,
    data: { note: 'grüße' },
  },
}
const environment = (change: Partial<ChannelEnvironment> = {}): ChannelEnvironment => ({
  folder,
  checkedHost: async (host) => (host === 'localhost' ? '127.0.0.1' : host),
  secret: async ({ secret }) => {
    if (secret === 'key') return 'shared key'
    throw new KedgeError('not_found', { kind: 'Secret', name: secret })
  },
  signal: new AbortController().signal,
  ...change,
})
const find = (kind: string) => channels.find((one) => one.kind === kind) as unknown as Channel<Record<string, unknown>>
const deliver = (kind: string, settings: Record<string, unknown>, change: Partial<ChannelEnvironment> = {}) =>
  find(kind).deliver(message, find(kind).settings.parse({ kind, ...settings }), environment(change))

/** What every kind of channel keeps: settings with its kind, and an outcome for each message. */
describe.each(channels.map((channel) => [channel.kind, channel] as const))('channel %s', (kind, channel) => {
  it('describes itself and refuses settings that it does not know', () => {
    expect(channel.title).not.toBe('')
    const settings = channel.settings
    expect(settings.safeParse({ kind, nonsense: 1 }).success).toBe(false)
    expect(settings.safeParse({ kind: 'other' }).success).toBe(false)
  })
  it('takes the same message twice', async () => {
    const receiver = await startReceiver()
    const settings = kind === 'webhook' ? { url: receiver.url } : {}
    for (let i = 0; i < 2; i++) expect(await deliver(kind, settings)).toMatchObject({ delivered: true })
    await receiver.close()
  })
})

describe('webhook', () => {
  it('posts the event, signed so that the receiver can check it', async () => {
    const receiver = await startReceiver()
    expect(await deliver('webhook', { url: receiver.url, secret: { secret: 'key' } })).toEqual({
      delivered: true,
      status: 204,
    })
    const [got] = receiver.received
    expect(JSON.parse(got!.body)).toEqual({
      deliveryId: message.deliveryId,
      project: 'flights',
      channel: 'people',
      event: message.event,
    })
    expect(got!.headers).toMatchObject({
      'x-kedge-delivery-id': message.deliveryId,
      'x-kedge-timestamp': '981936000',
      'x-kedge-event': 'alert.opened',
      'content-type': 'application/json',
    })
    const expected = createHmac('sha256', 'shared key')
      .update(`${message.deliveryId}.981936000.${got!.body}`)
      .digest('base64')
    expect(got!.headers['x-kedge-signature']).toBe(`v1,${expected}`)
    await receiver.close()
  })

  it.each([
    [500, { delivered: false, status: 500, again: true }],
    [401, { delivered: false, status: 401, again: true }],
    [410, { delivered: false, status: 410, again: false }],
  ])('says what status %i means', async (status, outcome) => {
    const receiver = await startReceiver(() => ({ status }))
    expect(await deliver('webhook', { url: receiver.url })).toMatchObject(outcome)
    await receiver.close()
  })

  it('does not follow redirects', async () => {
    const inner = await startReceiver()
    const receiver = await startReceiver(() => ({ status: 307, location: inner.url }))
    expect(await deliver('webhook', { url: receiver.url })).toMatchObject({
      delivered: false,
      again: false,
      status: 307,
    })
    expect(inner.received).toEqual([])
    await Promise.all([receiver.close(), inner.close()])
  })

  it('does not call what the guard refuses, and goes to the address that was checked', async () => {
    const receiver = await startReceiver()
    const refused = await deliver(
      'webhook',
      { url: receiver.url },
      {
        checkedHost: async (host) => {
          throw new KedgeError('address_guarded', { host })
        },
      },
    )
    expect(refused).toMatchObject({ delivered: false, again: false })
    expect(refused.reason).toContain('is not public')
    expect(receiver.received).toEqual([])
    // the name has no address at all: only the checked one can have been used
    const url = receiver.url.replace('127.0.0.1', 'receiver.invalid')
    expect(await deliver('webhook', { url }, { checkedHost: async () => '127.0.0.1' })).toMatchObject({
      delivered: true,
    })
    await receiver.close()
  })

  it('shows no secret when the connection fails or a secret is missing', async () => {
    const receiver = await startReceiver()
    await receiver.close()
    const closed = await deliver('webhook', { url: receiver.url })
    expect(closed).toEqual({ delivered: false, reason: 'ECONNREFUSED' })
    expect(await deliver('webhook', { url: { secret: 'none' } })).toMatchObject({
      delivered: false,
      again: false,
      reason: expect.stringContaining('Secret none does not exist'),
    })
  })
})

describe('log', () => {
  it('appends a line for each message', async () => {
    await deliver('log', { file: 'own.jsonl' })
    await deliver('log', { file: 'own.jsonl' })
    const lines = readFileSync(join(folder, 'own.jsonl'), 'utf8').trim().split('\n')
    expect(lines).toHaveLength(2)
    expect(JSON.parse(lines[0]!)).toMatchObject({
      deliveryId: message.deliveryId,
      event: { type: 'alert.opened', data: { note: 'grüße' } },
    })
  })
  it('keeps to its folder', () => {
    for (const file of ['../x', '/etc/x', 'a/b', '.hidden', ''])
      expect(find('log').settings.safeParse({ kind: 'log', file }).success).toBe(false)
  })
})

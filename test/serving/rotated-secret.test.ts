import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { eventually, expectedOf, fixtures, post, temporaryDirectory } from './stand.ts'

const { instances } = expectedOf('delay-1')

test('pseudonyms outlive a change of the secret that processes share: a subject is one before and after, and is erased as one', async () => {
  const directory = await temporaryDirectory()
  let kedge: Kedge | undefined
  const start = async (internalSecret: string) => {
    kedge = await startKedge(
      readConfig({ port: 0, data: directory.path, logLevel: 'silent', internalSecret }),
      silentLog,
    )
    const { inference } = await kedge.ready()
    return { server: kedge, base: `${kedge.address}/api/v1/projects/default`, predictions: inference! }
  }
  const recorded = (server: Kedge) =>
    server.environment.events.query<{ origin: string }>(
      `SELECT texts['origin'] AS origin FROM predictions FINAL WHERE endpoint = 'delay' AND startsWith(texts['origin'], 'hash:')`,
    )
  const predict = async (predictions: string, id: string) =>
    (
      await post(`${predictions}/endpoints/delay/predict`, {
        instances: [{ id, features: { ...instances[0], origin: 'Ann' } }],
      })
    ).status
  try {
    const first = await start('the-first-of-two-secrets')
    const files: Record<string, string> = {}
    for (const file of ['model.onnx', 'kedge-model.json']) {
      const answer = await fetch(`${first.base}/uploads`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: await readFile(`${fixtures}delay-1/${file}`),
      })
      files[file] = ((await answer.json()) as { digest: string }).digest
    }
    expect((await post(`${first.base}/deploy`, { name: 'delay', files })).status).toBe(200)
    const before = (await (await fetch(`${first.base}/endpoints/delay`)).json()) as { spec: object }
    await fetch(`${first.base}/endpoints/delay`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...before.spec, record: { personal: ['origin'] } }),
    })
    let sent = 0
    await eventually(async () => {
      await predict(first.predictions, `before-${sent++}`)
      return (await recorded(first.server))[0]
    }, 'a masked value')
    await kedge!.stop()

    const second = await start('the-second-of-two-secrets')
    await eventually(async () => (await predict(second.predictions, 'after')) === 200, 'an answer')
    const found = await eventually(async () => {
      const [after] = await second.server.environment.events.query<{ origin: string }>(
        `SELECT texts['origin'] AS origin FROM predictions FINAL WHERE endpoint = 'delay' AND id = 'after'`,
      )
      return after
    }, 'the prediction after')
    const all = await recorded(second.server)
    expect(all.length).toBeGreaterThan(1)
    expect(new Set(all.map(({ origin }) => origin))).toEqual(new Set([found.origin]))
    const erased = await post(`${second.base}/endpoints/delay/erasures`, {
      feature: 'origin',
      value: 'Ann',
      reason: 'asked to be forgotten',
    })
    expect(erased).toMatchObject({ status: 202, body: { predictions: all.length } })
  } finally {
    await kedge?.stop()
    await directory.remove()
  }
}, 120_000)

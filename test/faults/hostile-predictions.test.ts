import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import {
  type Control,
  eventually,
  expectedOf,
  startControl,
  startInference,
  temporaryDirectory,
} from '../serving/stand.ts'

const user = { actor: 'user/test' }
const [instance] = expectedOf('delay-1').instances
const paths = ['/endpoints/delay/predict', '/endpoints/delay/invocations', '/v2/models/delay/infer'] as const
const good = JSON.stringify({ instances: [{ features: instance }] })
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor

beforeAll(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`)
  inference = await startInference(control.address, `${directory.path}/inference`)
  await control.version('delay', 'delay-1')
  await control.serving.endpoints.put(user, 'default', 'delay', { model: 'delay' })
  await control.serving.releases.start(user, 'default', 'delay', { version: 1 })
  await eventually(
    async () => (await control.serving.endpoints.get('default', 'delay')).state === 'ready',
    'the endpoint',
  )
})
afterAll(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

async function send(path: string, body: RequestInit['body']) {
  const answer = await fetch(`${inference.addresses!.http}${path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
    duplex: 'half',
  } as RequestInit)
  const parsed = (await answer.json()) as { error?: string | { message: string; todo: string }; message?: string }
  const error = parsed.error ?? parsed.message
  return { status: answer.status, text: typeof error === 'object' ? `${error.message}. ${error.todo}` : error }
}

/** The process has not been restarted meanwhile. */
const lives = async () => {
  expect((await send(paths[0], good)).status).toBe(200)
  expect(inference.restarts).toBe(0)
}

describe.each(paths)('%s', (path) => {
  test('says that a body of 80 MB is too large, announced or not', async () => {
    const part = Buffer.alloc(2 ** 20, ' ')
    const whole = Buffer.alloc(80 * 2 ** 20, ' ')
    for (const body of [whole, Readable.toWeb(Readable.from(Array.from({ length: 80 }, () => part)))]) {
      const { status, text } = await send(path, body as RequestInit['body'])
      expect(status).toBe(413)
      expect(text).toMatch(/limit of 64 MiB. Send less at once/)
    }
    await lives()
  })

  test('says which byte is not UTF-8', async () => {
    const { status, text } = await send(path, Buffer.from('{"id":"\xff"}', 'latin1'))
    expect(status).toBe(400)
    expect(text).toMatch(/not UTF-8: the byte 7 .*Encode the text/)
    await lives()
  })

  const deep = 100_000
  const list = '['.repeat(deep) + ']'.repeat(deep)
  const object = `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`
  test.each([
    ['as the body', list],
    ['as the body, of objects', object],
    ['as the instances', `{"instances":${list}}`],
    ['as an instance', `{"instances":[${list}]}`],
    ['as features', `{"instances":[{"features":${object}}]}`],
    [
      'as a feature',
      `{"instances":[{"features":${JSON.stringify({ ...instance, distance: 0 }).replace('"distance":0', `"distance":${list}`)}}]}`,
    ],
    ['as rows', `{"dataframe_split":{"columns":["a"],"data":${list}}}`],
    ['as records', `{"dataframe_records":[${object}]}`],
    ['as columns', `{"inputs":${object}}`],
    ['as a tensor', `{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":${list}}]}`],
    ['as a shape', `{"inputs":[{"name":"x","shape":${list},"datatype":"FP32","data":[1]}]}`],
    ['as parameters', `{"inputs":[1],"parameters":${object}}`],
  ])('refuses a nesting of 100,000 levels %s', async (_, body) => {
    const { status, text } = await send(path, body)
    expect(status).toBe(400)
    expect(text!.length).toBeLessThan(2000)
    await lives()
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import runtime from '../../src/adapters/runtimes/open-inference/open-inference.ts'
import type { Column, LoadedModel } from '../../src/contracts/model-runtime.ts'
import { expectedOf, fixtures } from '../serving/stand.ts'

const server = fileURLToPath(new URL('./v2-server.ts', import.meta.url))
const { instances, scores } = expectedOf('delay-1')
let scratch: string
let folders = 0
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'kedge-served-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

async function folderWith(serve: object): Promise<string> {
  const folder = join(scratch, String(++folders))
  await mkdir(folder)
  await copyFile(join(fixtures, 'delay-1', 'kedge-model.json'), join(folder, 'kedge-model.json'))
  await writeFile(join(folder, 'kedge-serve.json'), JSON.stringify(serve))
  return folder
}

const columns = (model: LoadedModel, rows = instances): Column[] =>
  model.description!.features.map((feature) => rows.map((row) => row[feature.name]!) as Column)
const withDistance = (model: LoadedModel, distance: number) =>
  model.score(columns(model, [{ ...instances[0]!, distance }]), 1)

async function answersRight(model: LoadedModel) {
  const given = await model.score(columns(model), instances.length)
  for (const [i, score] of scores.entries()) expect(given[i]).toBeCloseTo(score, 5)
}

describe('a command', () => {
  const command = (...more: string[]) => [process.execPath, server, join(fixtures, 'delay-1'), ...more]

  test('is started again when it dies; the call says so and may be repeated', async () => {
    const lines: string[] = []
    const model = await runtime.load(await folderWith({ command: command(), model: 'delay' }), {
      print: (line) => lines.push(line),
    })
    try {
      await answersRight(model)
      await expect(withDistance(model, -1)).rejects.toMatchObject({ code: 'worker_died' })
      await expect
        .poll(
          async () =>
            answersRight(model).then(
              () => 'right',
              (error) => error.code,
            ),
          { timeout: 20_000 },
        )
        .toBe('right')
      expect(lines.some((line) => line.includes('ended with exit code 7; it is started again'))).toBe(true)
      expect(lines.some((line) => line.startsWith('listens at'))).toBe(true)
    } finally {
      await model.close()
    }
  }, 60_000)

  test('that hangs is ended after the time that a call may take', async () => {
    const model = await runtime.load(await folderWith({ command: command('json'), model: 'delay' }), { timeout: 1500 })
    try {
      await answersRight(model)
      await expect(withDistance(model, -2)).rejects.toMatchObject({
        code: 'unavailable',
        message: 'The model took longer than 1.5 s',
      })
      await expect
        .poll(
          async () =>
            answersRight(model).then(
              () => 'right',
              (error) => error.code,
            ),
          { timeout: 20_000 },
        )
        .toBe('right')
    } finally {
      await model.close()
    }
  }, 60_000)

  test('that is not there, ends at once or knows no such model cannot be loaded', async () => {
    const load = async (serve: object) => runtime.load(await folderWith(serve))
    await expect(load({ command: ['no-such-program'], model: 'delay' })).rejects.toMatchObject({
      code: 'model_unloadable',
      message: expect.stringContaining('cannot be started'),
    })
    await expect(load({ command: ['sh', '-c', 'exit 3'], model: 'delay' })).rejects.toMatchObject({
      code: 'model_unloadable',
      message: expect.stringContaining('ended with exit code 3 before it was ready'),
    })
    await expect(load({ command: ['sleep', '60'], start: 0.3 })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'The command of the model was not ready after 0.3 s',
    })
    await expect(load({ command: ['true'], url: 'http://a.example' })).rejects.toThrow('say either url or command')
    await expect(load({ url: 'file:///etc/passwd' })).rejects.toMatchObject({ code: 'model_unloadable' })
  }, 60_000)
})

describe('an address', () => {
  let child: ChildProcess
  let port: string
  beforeAll(async () => {
    child = spawn(process.execPath, [server, join(fixtures, 'delay-1')], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of createInterface({ input: child.stdout! })) {
      port = line.replace('listens at ', '')
      break
    }
  })
  afterAll(() => {
    child.kill('SIGKILL')
  })

  test('is called when its host is allowed, by its name alone or with its port', async () => {
    const folder = await folderWith({ url: `http://127.0.0.1:${port}`, model: 'delay' })
    for (const hosts of ['127.0.0.1', `triton, 127.0.0.1:${port}`]) {
      const model = await runtime.load(folder, { hosts })
      await answersRight(model)
      await model.close()
    }
  })

  test.each(['', 'localhost', '127.0.0.1:1', '*', '127.0.0.10'])(
    'is not called when "%s" is allowed',
    async (hosts) => {
      const folder = await folderWith({ url: `http://127.0.0.1:${port}`, model: 'delay' })
      await expect(runtime.load(folder, { hosts })).rejects.toMatchObject({
        code: 'model_unloadable',
        message: expect.stringContaining(`127.0.0.1:${port}, and calls to that host are not allowed`),
      })
    },
  )

  test('that does not answer is away, and says so; a model that it does not have cannot be loaded', async () => {
    const options = { hosts: '127.0.0.1' }
    await expect(runtime.load(await folderWith({ url: 'http://127.0.0.1:9' }), options)).rejects.toMatchObject({
      code: 'unavailable',
    })
    const other = await folderWith({ url: `http://127.0.0.1:${port}`, model: 'other' })
    await expect(runtime.load(other, options)).rejects.toMatchObject({ code: 'model_unloadable' })
  })
})

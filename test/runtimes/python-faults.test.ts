import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import python from '../../src/adapters/runtimes/python/python.ts'
import type { LoadedModel } from '../../src/contracts/model-runtime.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'

/** What a model does that does not behave, by the value that it is given; every other value is doubled. */
const does = {
  dies: -1,
  hangs: -2,
  leaks: -3,
  exits: -4,
  forks: -5,
  prints: -6,
  closesFiles: -7,
  segfaults: -8,
  raises: -9,
  diesOnce: -10,
  leavesProcess: -11,
  writesIntoChannel: -12,
  miscounts: -13,
  asksForTooMuch: -14,
}
const timeout = 3000
const memory = 700 * 2 ** 20
let scratch: string
let interpreter: string
let model: LoadedModel
let other: LoadedModel
const lines: string[] = []
const home = process.env.HOME

const call = async (value: number, of = model) => (await of.score([[value]], 1))[0]
/** It still answers, and so does the other model of this process. */
const goesOn = async () => {
  expect(await call(21)).toBe(42)
  expect(await call(4, other)).toBe(8)
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'kedge-unruly-'))
  interpreter = await pythonEnvironment(fileURLToPath(new URL('../mlflow/requirements.lock', import.meta.url)))
  const folder = join(scratch, 'model')
  const make = readFileSync(new URL('./make-unruly-model.py', import.meta.url), 'utf8')
  await runPython(interpreter, `import sys\nsys.argv = ["", ${JSON.stringify(folder)}]\n${make}`)
  process.env.HOME = scratch
  const load = () =>
    python.load(folder, {
      python: interpreter,
      timeout,
      memory,
      instances: { min: 1, max: 2 },
      print: (line) => lines.push(line),
    })
  ;[model, other] = await Promise.all([load(), load()])
}, 600_000)
afterAll(async () => {
  process.env.HOME = home
  await Promise.all([model?.close(), other?.close()])
  await rm(scratch, { recursive: true, force: true })
})

test('doubles what it is given', goesOn)

test.each(['dies', 'segfaults', 'closesFiles', 'writesIntoChannel'] as const)(
  'a model that %s costs its own call only, after a second try',
  async (what) => {
    await expect(call(does[what])).rejects.toMatchObject({ code: 'worker_died' })
    await goesOn()
  },
  60_000,
)

test('what dies once is done again by another process', async () => {
  expect(await call(does.diesOnce)).toBe(2 * does.diesOnce)
  expect(existsSync(join(scratch, 'died-once'))).toBe(true)
  await goesOn()
}, 60_000)

test('a model that hangs is ended after the time that a call may take; those behind it are answered', async () => {
  const hanging = call(does.hangs)
  const behind = Promise.all([1, 2, 3].map((value) => call(value)))
  await expect(hanging).rejects.toMatchObject({
    code: 'unavailable',
    message: 'The Python model took longer than 3 s and was ended',
  })
  expect(await behind).toEqual([2, 4, 6])
  await goesOn()
}, 60_000)

test('a model that leaks is replaced when it is over its limit, without a failed call', async () => {
  lines.length = 0
  for (let i = 0; i < 5; i++) expect(await call(does.leaks)).toBe(2 * does.leaks)
  expect(lines.some((line) => /the model took \d+ MiB, its limit is 700 MiB/.test(line))).toBe(true)
  await goesOn()
}, 60_000)

test('a model that asks for more than there may be is refused it', async () => {
  await expect(call(does.asksForTooMuch)).rejects.toMatchObject({
    code: 'prediction_failed',
    message: expect.stringContaining('MemoryError'),
  })
  await goesOn()
}, 60_000)

test.each([
  ['raises', 'RuntimeError: out of sorts'],
  ['exits', 'SystemExit: 5'],
  ['miscounts', 'the model gave 7 answers for 1 rows'],
] as const)('a model that %s is told of', async (what, text) => {
  await expect(call(does[what])).rejects.toMatchObject({
    code: 'prediction_failed',
    message: expect.stringContaining(text),
  })
  await goesOn()
})

test('a fork of the model has no part in the conversation', async () => {
  expect(await call(does.forks)).toBe(2 * does.forks)
  expect(await Promise.all([1, 2, 3, 4].map((value) => call(value)))).toEqual([2, 4, 6, 8])
  await goesOn()
})

test('what a model prints goes to the log, cut and counted, and disturbs nothing', async () => {
  lines.length = 0
  expect(await call(does.prints)).toBe(2 * does.prints)
  expect(lines).toContain('line 0')
  expect(lines.length).toBeLessThan(500)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(2100)
  await goesOn()
})

test('what a model starts ends with it', async () => {
  const own = await python.load(join(scratch, 'model'), {
    python: interpreter,
    instances: { min: 1, max: 1 },
  })
  const pid = await call(does.leavesProcess, own)
  const group = async () => {
    const found: string[] = []
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry)) continue
      try {
        const fields = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1]!.split(' ')
        if (Number(fields[2]) === pid && fields[0] !== 'Z') found.push(entry)
      } catch {
        // it has ended meanwhile
      }
    }
    return found
  }
  expect((await group()).length).toBeGreaterThan(1)
  await own.close()
  await expect.poll(group).toEqual([])
}, 60_000)

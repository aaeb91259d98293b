import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createExplainAside } from '../../src/serving/explain/explain-aside.ts'
import { eventually, expectedOf, fixtures } from '../serving/stand.ts'

const printed: string[] = []
const aside = createExplainAside({ print: (line) => printed.push(line), most: 2, idle: 300 })
afterAll(() => aside.close())

const instances = expectedOf('matrix').rows.map((row) => Object.fromEntries(row.map((x, i) => [`x${i}`, x])))
const explain = (rows: number, method?: string, timeout = 60_000) =>
  aside.explain({
    model: { kind: 'onnx', artifact: 'matrix', folder: join(fixtures, 'matrix') },
    background: { origin: 'reference', instances },
    instances: Array.from({ length: rows }, (_, i) => instances[i % instances.length]!),
    method,
    timeout,
  })

/** Processes that explain, of this one. */
const children = () =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const parent = / \(.*\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1]
        return (
          parent === String(process.pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('explain-process')
        )
      } catch {
        return false
      }
    })

test.runIf(process.platform === 'linux')(
  'a killed process fails who waits for it; the next request has a new one, which ends when nobody asks',
  async () => {
    expect((await explain(2)).method).toBe('tree_background')
    const [pid] = children()
    const long = explain(2000, 'kernel')
    process.kill(Number(pid), 'SIGKILL')
    await expect(long).rejects.toMatchObject({ code: 'unavailable' })
    expect((await explain(1)).scores).toHaveLength(1)
    await eventually(() => children().length === 0, 'the end of the process')
    expect((await explain(1)).scores).toHaveLength(1)
  },
)

test('what takes too long ends by itself, and does not end what comes after it', async () => {
  const late = explain(2000, 'kernel', 100)
  const next = explain(1)
  await expect(late).rejects.toMatchObject({ code: 'explanation_late' })
  expect((await next).scores).toHaveLength(1)
})

test('places are counted, and a place is left once', () => {
  const [first, second] = [aside.enter(), aside.enter()]
  expect(() => aside.enter()).toThrow(/2 explanations/)
  first()
  first()
  const third = aside.enter()
  expect(() => aside.enter()).toThrow(/2 explanations/)
  second()
  third()
})

test('a model that cannot be loaded says so', async () => {
  await expect(
    aside.explain({
      model: { kind: 'onnx', artifact: 'none', folder: fixtures },
      background: undefined,
      instances,
      timeout: 10_000,
    }),
  ).rejects.toMatchObject({ code: 'model_unloadable' })
})

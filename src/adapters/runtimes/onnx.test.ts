import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import onnx from './onnx.ts'
import { createOnnxThreads } from './onnx-threads.ts'

const fixtures = new URL('../../../test/fixtures/models/', import.meta.url).pathname
const expected = (model: string) =>
  JSON.parse(readFileSync(`${fixtures}${model}/expected.json`, 'utf8')) as {
    instances: Record<string, number | string>[]
    rows: number[][]
    scores: number[]
  }
const threads = createOnnxThreads(2)
afterAll(() => threads.close())

describe.each(['inline', 'thread'] as const)('a model that runs in place %s', (place) => {
  test('scores columns of numbers and categories as it was trained to', async () => {
    const { instances, scores } = expected('delay-1')
    const model = await onnx.load(`${fixtures}delay-1`, { place })
    expect(model.place).toBe(place)
    const columns = model.description!.features.map(({ name }) => instances.map((row) => row[name]!) as number[])
    const got = await model.score(columns, instances.length)
    scores.forEach((score, i) => {
      expect(got[i]).toBeCloseTo(score, 5)
    })
    await model.close()
  })

  test('gives calls that overlap each its own answer, and says what is wrong with one', async () => {
    const { rows, scores } = expected('matrix')
    const model = await onnx.load(`${fixtures}matrix`, { place })
    const tensor = (row: number[]) => ({
      name: 'X',
      datatype: 'FP32' as const,
      shape: [1, 20],
      data: Float32Array.from(row),
    })
    const calls = rows.map((row, i) =>
      i === 3
        ? model.infer([{ ...tensor(row.slice(1)), shape: [1, 19] }])
        : model.infer([tensor(row)], ['probabilities']),
    )
    const answers = await Promise.allSettled(calls)
    answers.forEach((answer, i) => {
      if (i === 3) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'invalid_input' } })
      else if (answer.status === 'fulfilled') expect(answer.value[0]!.data[1]).toBeCloseTo(scores[i]!, 5)
      else throw answer.reason
    })
    await model.close()
  })

  test('says that a file is no model', async () => {
    await expect(onnx.load(fixtures, { place })).rejects.toMatchObject({ code: 'model_unloadable' })
  })
})

test('a call whose thread ends is told so, also one that waits', async () => {
  const own = createOnnxThreads(2)
  const session = await own.open(`${fixtures}matrix/model.onnx`, 1, 10_000)
  const feeds = { X: { type: 'float32', data: new Float32Array(20 * 50_000), dims: [50_000, 20] } }
  const calls = Array.from({ length: 4 }, () => session.run(feeds))
  const settled = Promise.allSettled(calls)
  await own.close()
  for (const one of await settled) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'worker_died' } })
})

import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { type ServedModels, serveModels } from '../serving/served-models.ts'
import { expectedOf, fixtures, post, temporaryDirectory } from '../serving/stand.ts'

const user = { actor: 'user/test' }
const delay = expectedOf('delay-1')
const named = (row: number[]) => Object.fromEntries(row.map((x, i) => [`x${i}`, x]))
const forest = expectedOf('matrix').rows.map(named)

interface Explained {
  score: number
  explanation: {
    method: string
    unit: string
    base: number
    output: number
    residual: number
    background: number
    attributions: { feature: string; value: number | string; attribution: number; error?: number }[]
    others?: { features: number; attribution: number }
    error?: { code: string; message: string }
  }
}

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let served: ServedModels
let at: string

beforeAll(async () => {
  directory = await temporaryDirectory()
  served = await serveModels({ bare: 'matrix' })
  at = served.inference.addresses!.http
  // the same models with rows to average over
  const samples = { delay: ['delay-1', delay.instances], forest: ['matrix', forest] } as const
  for (const [name, [fixture, instances]] of Object.entries(samples)) {
    const folder = join(directory.path, name)
    await cp(join(fixtures, fixture), folder, { recursive: true })
    await writeFile(join(folder, 'kedge-sample.json'), JSON.stringify({ instances }))
    const { digest, bytes } = await putFolder(served.control.environment.blobs, folder)
    await served.control.registry.models.ensure(user, 'default', name)
    const artifact = { digest, kind: 'onnx' as const, bytes }
    await served.control.registry.versions.create(user, 'default', name, { artifact, datasetVersions: [] })
    await served.control.serving.endpoints.put(user, 'default', name, { model: name })
    await served.control.serving.deploy(user, 'default', { name, model: `${name}/1` })
  }
})
afterAll(async () => {
  await served?.stop()
  await directory?.remove()
})

const predict = async (name: string, rows: readonly unknown[], more: object = { explain: true }) => {
  const answer = await post(`${at}/endpoints/${name}/predict`, {
    instances: rows.map((features) => ({ features })),
    ...more,
  })
  return answer as { status: number; body: { predictions: Explained[]; error: { code: string; message: string } } }
}

test('a prediction comes with what each feature adds to it, in the units of its model', async () => {
  const { status, body } = await predict('delay', delay.instances)
  expect(status).toBe(200)
  body.predictions.forEach(({ score, explanation }, i) => {
    expect(explanation).toMatchObject({ method: 'linear', unit: 'log_odds', background: delay.instances.length })
    expect(explanation.attributions.map(({ feature, value }) => [feature, value])).toEqual(
      Object.entries(delay.instances[i]!),
    )
    const sum = explanation.attributions.reduce((total, one) => total + one.attribution, explanation.base)
    expect(sum).toBeCloseTo(explanation.output, 9)
    expect(1 / (1 + Math.exp(-sum))).toBeCloseTo(score, 5)
    expect(explanation.residual).toBeLessThan(1e-5)
  })
})

test('trees are explained exactly; KernelSHAP on request, with its errors, near to that', async () => {
  const exact = (await predict('forest', forest)).body.predictions
  const kernel = (await predict('forest', forest.slice(0, 1), { explain: { method: 'kernel' } })).body.predictions
  expect(exact[0]!.explanation).toMatchObject({ method: 'tree_background', unit: 'probability' })
  expect(kernel[0]!.explanation.method).toBe('kernel')
  exact[0]!.explanation.attributions.forEach(({ attribution }, j) => {
    const { attribution: estimated, error } = kernel[0]!.explanation.attributions[j]!
    expect(Math.abs(estimated - attribution)).toBeLessThan(6 * error! + 1e-9)
  })
  expect(Math.max(...exact.map((one) => one.explanation.residual))).toBeLessThan(1e-6)
})

test('the largest few, and what the others add up to', async () => {
  const all = (await predict('forest', forest.slice(0, 1))).body.predictions[0]!.explanation
  const few = (await predict('forest', forest.slice(0, 1), { explain: { top: 3 } })).body.predictions[0]!.explanation
  const ranked = all.attributions.toSorted((a, b) => Math.abs(b.attribution) - Math.abs(a.attribution))
  expect(few.attributions).toEqual(ranked.slice(0, 3))
  expect(few.others!.features).toBe(17)
  expect(few.attributions.reduce((sum, one) => sum + one.attribution, few.base + few.others!.attribution)).toBeCloseTo(
    few.output,
    9,
  )
})

describe('what goes wrong', () => {
  test.each([
    ['a text', 'yes', 400],
    ['a method that there is not', { method: 'guess' }, 400],
    ['a top of nothing', { top: 0 }, 400],
    ['a field that there is not', { depth: 3 }, 400],
  ])('explain is %s', async (_what, explain, status) => {
    const answer = await predict('delay', delay.instances.slice(0, 1), { explain })
    expect(answer.status).toBe(status)
    expect(answer.body.error.message).toMatch(/explain/)
  })

  test('more rows than are explained at once', async () => {
    expect((await predict('delay', new Array(101).fill(delay.instances[0]))).status).toBe(413)
  })

  test('a model without reference rows predicts, and says why it is not explained', async () => {
    const { status, body } = await predict('bare', forest.slice(0, 1))
    expect(status).toBe(200)
    expect(body.predictions[0]!.score).toBeGreaterThan(0)
    expect(body.predictions[0]!.explanation.error).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('background'),
    })
  })

  test('an explanation that takes too long does not take its prediction with it', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => forest[i % forest.length]!)
    // they are explained one after the other
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => predict('forest', rows, { explain: { method: 'kernel' }, timeout: 60 })),
    )
    const last = answers.filter(({ status }) => status === 200).map(({ body }) => body.predictions[99]!)
    const late = last.filter(({ explanation }) => explanation.error?.code === 'explanation_late')
    expect(late.length).toBeGreaterThan(0)
    for (const { score } of late) expect(score).toBeGreaterThan(0)
  })

  test('too many at once are refused with 429 before they predict, and hold up nobody else', async () => {
    const rows = new Array(20).fill(forest[0])
    const asked = Array.from({ length: 40 }, () =>
      predict('forest', rows, { explain: { method: 'kernel' }, timeout: 60 }),
    )
    const plain = await predict('forest', forest, {})
    expect(plain.status).toBe(200)
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0)
    expect(statuses.every((status) => status === 200 || status === 429)).toBe(true)
  })
})

import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explainers } from '../../src/adapters/explainers/index.generated.ts'
import linear from '../../src/adapters/explainers/linear.ts'
import treeBackground from '../../src/adapters/explainers/tree-background.ts'
import treePath from '../../src/adapters/explainers/tree-path.ts'
import { modelStructures } from '../../src/adapters/model-structures/index.generated.ts'
import { runtimes } from '../../src/adapters/runtimes/index.generated.ts'
import onnx from '../../src/adapters/runtimes/onnx.ts'
import type { ExplainedModel } from '../../src/contracts/explainer.ts'
import { type ModelStructure, scoreOf, sumOf } from '../../src/contracts/model-structure.ts'
import { createExplaining } from '../../src/serving/explain/explaining.ts'
import { type ModelCase, makeModelCases, rowsOf } from './model-cases.ts'

let folder: string
let cases: Map<string, ModelCase>
beforeAll(async () => {
  const made = await makeModelCases()
  folder = made.folder
  cases = new Map(made.cases.map((one) => [one.name, one]))
}, 240_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function structureOf(one: ModelCase, format: string): Promise<ModelStructure> {
  const reader = modelStructures.find((candidate) => candidate.format === format)!
  const inputs = format === 'onnx' ? (await onnx.load(one.folder)).inputs : []
  const found = await reader.read(one.folder, { description: one.description, inputs })
  if (!found || 'unread' in found) throw new Error(`${one.name}: ${found?.unread ?? 'no such file'}`)
  return found
}

/** A model whose scores are its structure's. */
function modelOf(one: ModelCase, structure: ModelStructure): ExplainedModel {
  return {
    description: one.description,
    structure,
    background: rowsOf(one.description, one.background),
    score: async (columns, rows) =>
      Float64Array.from(structure.encode(columns, rows), (row) => scoreOf(structure.links[0]!, sumOf(structure, row))),
  }
}

const near = (found: ArrayLike<number>, expected: readonly number[], bound: number) => {
  expect(found.length).toBe(expected.length)
  expected.forEach((x, i) => {
    expect(Math.abs(found[i]! - x), `at ${i}: ${found[i]}, expected ${x}`).toBeLessThanOrEqual(
      bound * Math.max(1, Math.abs(x)),
    )
  })
}

describe.each([
  // LightGBM computes in double precision, XGBoost in single
  ['lightgbm-text', 'lightgbm', 1e-9],
  ['lightgbm-json', 'lightgbm', 1e-9],
  ['lightgbm-zero-is-missing', 'lightgbm', 1e-9],
  ['lightgbm-no-missing', 'lightgbm', 1e-9],
  ['lightgbm-forest', 'lightgbm', 1e-9],
  ['lightgbm-poisson', 'lightgbm', 1e-9],
  ['xgboost-json', 'xgboost', 1e-5],
  ['xgboost-ubj', 'xgboost', 1e-5],
  ['xgboost-regression', 'xgboost', 1e-5],
  ['xgboost-dart', 'xgboost', 1e-5],
] as const)('%s', (name, format, bound) => {
  test('is read to the sums, scores and path-dependent values that the package itself gives', async () => {
    const one = cases.get(name)!
    const structure = await structureOf(one, format)
    const model = modelOf(one, structure)
    const rows = rowsOf(one.description, one.rows)
    near(
      structure.encode(rows.columns, rows.rows).map((row) => sumOf(structure, row)),
      one.sums!,
      bound,
    )
    near(await model.score(rows.columns, rows.rows), one.scores, bound)
    const found = await treePath.prepare(model).explain(rows, () => {})
    near(found.values, one.path!.flat(), bound)
    near([found.base], [one.pathBase!], bound)
  })
})

// graphs compute in single precision, what they are compared with in double
const single = 1e-5

describe.each([
  'onnx-target-encoder',
  'onnx-one-hot-forest',
  'onnx-imputer',
  'onnx-forest',
  'onnx-questions',
  'onnx-logistic',
  'onnx-ridge',
])('%s', (name) => {
  test('is explained exactly by features, whatever stands before its sum', async () => {
    const one = cases.get(name)!
    const structure = await structureOf(one, 'onnx')
    const explainer = structure.form.kind === 'linear' ? linear : treeBackground
    const rows = rowsOf(one.description, one.rows)
    const found = await explainer.prepare(modelOf(one, structure)).explain(rows, () => {})
    near(found.values, one.background_values!.flat(), single)
    near([found.base], [one.backgroundBase!], single)
  })
})

const explaining = createExplaining({ runtimes, readers: modelStructures, explainers, now: () => 0, print: () => {} })
afterAll(() => explaining.close())
const explain = (one: ModelCase, method?: string) =>
  explaining.explain({
    model: { kind: 'onnx', artifact: one.name, folder: one.folder },
    background: { origin: 'reference', instances: one.background },
    instances: one.rows,
    method,
    timeout: 60_000,
  })

describe('the whole way from folder to attributions', () => {
  test.each([
    ['onnx-target-encoder', 'tree_background', 'log_odds'],
    ['onnx-one-hot-forest', 'tree_background', 'probability'],
    ['onnx-imputer', 'tree_background', 'value'],
    ['onnx-questions', 'tree_background', 'value'],
    ['onnx-logistic', 'linear', 'log_odds'],
    ['onnx-ridge', 'linear', 'value'],
  ])('%s by %s, adding up to the scores of the runtime', async (name, method, unit) => {
    const one = cases.get(name)!
    const found = await explain(one)
    expect(found).toMatchObject({ method, unit, inexact: null, features: one.description.features.map((f) => f.name) })
    near(found.values.flat(), one.background_values!.flat(), single)
    near(found.scores, one.scores, single)
    expect(Math.max(...found.residuals)).toBeLessThan(single)
  })

  test.each([
    ['onnx-components', /MatMul|several features|mixes/],
    ['onnx-network', /weighted sums/],
  ])('%s cannot be read: KernelSHAP, with the reason', async (name, why) => {
    const one = cases.get(name)!
    const found = await explain(one)
    expect(found.method).toBe('kernel')
    expect(found.inexact).toMatch(why)
    near(found.values.flat(), one.background_values!.flat(), single)
    expect(Math.max(...found.residuals)).toBeLessThan(1e-9)
  })

  test('KernelSHAP of trees agrees with TreeSHAP where both explain the score', async () => {
    const one = cases.get('onnx-one-hot-forest')!
    near((await explain(one, 'kernel')).values.flat(), (await explain(one)).values.flat(), single)
  })

  test('says which methods there are, and why one cannot be taken', async () => {
    await expect(explain(cases.get('onnx-ridge')!, 'guess')).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(explain(cases.get('onnx-ridge')!, 'tree_path')).rejects.toMatchObject({ code: 'unsupported' })
    await expect(explain(cases.get('onnx-network')!, 'tree_background')).rejects.toThrow(/weighted sums/)
  })
})

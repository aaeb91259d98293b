import { describe, expect, test } from 'vitest'
import { gaussLegendre } from '../../src/statistics/gauss-legendre.ts'
import { fitBoosting } from '../../src/statistics/gradient-boosting.ts'
import { interventionalShap } from '../../src/statistics/interventional-shap.ts'
import { kernelShap } from '../../src/statistics/kernel-shap.ts'
import { linearShap } from '../../src/statistics/linear-shap.ts'
import { partialDependence } from '../../src/statistics/partial-dependence.ts'
import { permutationImportance } from '../../src/statistics/permutation-importance.ts'
import { randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'
import { predictTrees, type Tree, type TreeEnsemble } from '../../src/statistics/tree-ensemble.ts'
import { createTreeShap } from '../../src/statistics/tree-shap.ts'
import { compareWithOracle, expectNear } from './compare-with-oracle.ts'
import { answer } from './value.ts'

interface Case {
  model: { base: number; trees: Record<keyof Tree, number[]>[] }
  features: number
  rows: number[][]
  background: number[][]
  x: number[][]
  base: number
  values: number[][]
  againstBase: number
  against: number[][]
  grid: number[]
  dependence: number[]
}

const ensembleOf = ({ base, trees }: Case['model']): TreeEnsemble => ({
  base,
  trees: trees.map((tree) => ({
    feature: Int32Array.from(tree.feature),
    threshold: Float64Array.from(tree.threshold),
    left: Int32Array.from(tree.left),
    right: Int32Array.from(tree.right),
    value: Float64Array.from(tree.value),
    cover: Float64Array.from(tree.cover),
  })),
})

const predictor = (model: TreeEnsemble) => (rows: number[][]) => rows.map((row) => predictTrees(model, row))

compareWithOracle<Case>('explanations', 12, (c) => {
  const model = ensembleOf(c.model)
  const tree = createTreeShap(model, c.features).explain(c.rows)
  const against = interventionalShap(model, c.features, c.rows, c.background)
  // shap keeps outputs of trees in single precision for some models
  expectNear(tree.base, c.base, 'base', 1e-6)
  expectNear(against.base, c.againstBase, 'base of background', 1e-6)
  expect(tree.gap).toBeLessThan(1e-12)
  expect(against.gap).toBeLessThan(1e-12)
  c.rows.forEach((_, r) => {
    for (let f = 0; f < c.features; f++) {
      expectNear(tree.values[r * c.features + f]!, c.values[r]![f]!, `value ${r}, ${f}`)
      // shap sums these in single precision; the exact KernelSHAP below is the check to 1e-9
      expectNear(against.values[r * c.features + f]!, c.against[r]![f]!, `against background ${r}, ${f}`, 1e-6)
    }
  })
  const dependence = answer(partialDependence(c.x, 0, predictor(model), c.grid))
  // scikit-learn sums trees in another order and precision
  c.dependence.forEach((y, i) => {
    expectNear(dependence.mean[i]!, y, 'dependence', 1e-6)
  })
})

const random = seededRandom(1234)
const rowsOf = (n: number, d: number) =>
  Array.from({ length: n }, () => Array.from({ length: d }, () => randomNormal(random)))

/** Shapley's values by their definition: the mean gain over all subsets, of the game `worth`. */
function shapley(d: number, worth: (members: boolean[]) => number): number[] {
  const factorial = (k: number): number => (k < 2 ? 1 : k * factorial(k - 1))
  const values = new Array<number>(d).fill(0)
  for (let mask = 0; mask < 2 ** d; mask++) {
    const members = Array.from({ length: d }, (_, j) => ((mask >> j) & 1) === 1)
    const size = members.filter(Boolean).length
    const without = worth(members)
    for (let j = 0; j < d; j++)
      if (!members[j])
        values[j]! +=
          ((factorial(size) * factorial(d - size - 1)) / factorial(d)) * (worth(members.with(j, true)) - without)
  }
  return values
}

/** The output where unknown features follow the covers. */
function expectedOutput(model: TreeEnsemble, row: number[], members: boolean[]): number {
  const visit = (tree: Tree, node: number): number => {
    const feature = tree.feature[node]!
    if (feature < 0) return tree.value[node]!
    const [left, right] = [tree.left[node]!, tree.right[node]!]
    if (members[feature]) return visit(tree, row[feature]! <= tree.threshold[node]! ? left : right)
    return (tree.cover[left]! * visit(tree, left) + tree.cover[right]! * visit(tree, right)) / tree.cover[node]!
  }
  return model.trees.reduce((sum, tree) => sum + visit(tree, 0), model.base)
}

describe('by the definition', () => {
  const data = rowsOf(400, 4)
  const model = fitBoosting(
    data,
    data.map((r) => r[0]! * r[1]! + Math.abs(r[2]!)),
    { trees: 12, depth: 6, leaf: 3 },
  )

  test('TreeSHAP, also with more points than it needs, and NaN', () => {
    const [row] = rowsOf(1, 4)
    const found = createTreeShap(model, 4).explain([row!])
    shapley(4, (members) => expectedOutput(model, row!, members)).forEach((value, f) => {
      expectNear(found.values[f]!, value, `value ${f}`, 1e-11)
    })
    const holes = createTreeShap(model, 4).explain([[Number.NaN, 1, Number.NaN, 0]])
    expect(holes.gap).toBeLessThan(1e-12)
    expect(holes.outputs[0]).toBeCloseTo(predictTrees(model, [Number.NaN, 1, Number.NaN, 0]), 12)
  })

  test('deep trees with many features, a path of 20', () => {
    const d = 20
    const n = 2 * d + 1
    const path: Tree = {
      feature: Int32Array.from({ length: n }, (_, i) => (i < d ? i : -1)),
      threshold: new Float64Array(n),
      left: Int32Array.from({ length: n }, (_, i) => (i < d ? i + 1 : -1)),
      right: Int32Array.from({ length: n }, (_, i) => (i < d ? d + 1 + i : -1)),
      value: Float64Array.from({ length: n }, (_, i) => (i === d ? 1 : 0)),
      cover: Float64Array.from({ length: n }, (_, i) => (i <= d ? 2 ** (d - i) : 2 ** (2 * d - i))),
    }
    // all conditions hold: by symmetry each feature adds the same
    const found = createTreeShap({ base: 0, trees: [path] }, d).explain([Array(d).fill(-1)])
    for (const value of found.values) expectNear(value, (1 - 2 ** -d) / d, 'value', 1e-12)
    expect(found.gap).toBeLessThan(1e-12)
  })

  test('KernelSHAP and interventional TreeSHAP are the same game', () => {
    const background = data.slice(0, 10)
    const row = data[20]!
    const exact = interventionalShap(model, 4, [row], background)
    const found = answer(kernelShap(predictor(model), row, background))
    found.values.forEach((value, f) => {
      expectNear(value, exact.values[f]!, `value ${f}`)
    })
    expect(found).toMatchObject({ coalitions: 14, errors: [0, 0, 0, 0] })
    expectNear(found.base, exact.base, 'base', 1e-12)
  })

  test('drawn KernelSHAP sums up, repeats itself, and is right within its errors', () => {
    const weights = Array.from({ length: 15 }, (_, j) => j - 7)
    const predict = (rows: number[][]) =>
      rows.map((row) => row.reduce((s, x, j) => s + x * weights[j]!, 0) + row[0]! * row[14]!)
    const background = rowsOf(3, 15)
    const row = rowsOf(1, 15)[0]!
    const found = answer(kernelShap(predict, row, background))
    const sum = found.values.reduce((a, b) => a + b, found.base)
    expect(sum).toBeCloseTo(found.output, 9)
    expect(kernelShap(predict, row, background)).toMatchObject({ values: found.values })
    for (let j = 1; j < 14; j++) {
      const mean = background.reduce((s, b) => s + b[j]!, 0) / 3
      expect(Math.abs(found.values[j]! - weights[j]! * (row[j]! - mean))).toBeLessThan(6 * found.errors[j]! + 1e-9)
    }
    expect(kernelShap(predict, row, [])).toMatchObject({ ok: false, had: 0 })
    expect(answer(kernelShap((rows) => rows.map((r) => 3 * r[0]!), [2], [[1]])).values).toEqual([3])
  })

  test('a feature that no tree asks gets nothing; the same feature twice shares nothing out', () => {
    const found = createTreeShap(model, 6).explain([[1, 1, 1, 1, 5, 5]])
    expect([found.values[4], found.values[5]]).toEqual([0, 0])
    const stump: Tree = {
      feature: Int32Array.of(-1),
      threshold: Float64Array.of(0),
      left: Int32Array.of(-1),
      right: Int32Array.of(-1),
      value: Float64Array.of(7),
      cover: Float64Array.of(10),
    }
    expect(createTreeShap({ base: 1, trees: [stump] }, 2).explain([[0, 0]])).toMatchObject({ base: 8, gap: 0 })
    expect(createTreeShap({ base: 1, trees: [] }, 2).explain([])).toMatchObject({ base: 1, gap: 0 })
  })
})

test('linear models', () => {
  const found = linearShap(1, [2, -1], [0.5, 4], [[1, 3]])
  expect([...found.values]).toEqual([1, 1])
  expect(found).toMatchObject({ base: -2, gap: 0 })
  expect(found.outputs[0]).toBe(0)
})

test('permutation importance: what the model does not use is worth exactly nothing', () => {
  const rows = rowsOf(200, 3)
  const error = (given: number[][]) =>
    -given.reduce((sum, row, i) => sum + (3 * row[0]! + row[1]! - 3 * rows[i]![0]! - rows[i]![1]!) ** 2, 0) / 200
  const found = answer(permutationImportance(rows, error))
  expect(found.score).toBeCloseTo(0, 12)
  expect(found.features[2]).toMatchObject({ value: 0, low: 0, high: 0 })
  // 2 · 9 · variance and 2 · 1 · variance
  expect(found.features[0]!.value / found.features[1]!.value).toBeGreaterThan(6)
  expect(found.features[0]!.low).toBeGreaterThan(10)
  expect(permutationImportance(rows, error)).toEqual(found)
  expect(permutationImportance([[1]], () => 1)).toMatchObject({ ok: false, had: 1 })
  const along = answer(partialDependence(rows, 1, (given) => given.map((row) => 3 * row[0]! + row[1]!), 5))
  expect(along.grid).toHaveLength(5)
  expect(along.mean[4]! - along.mean[0]!).toBeCloseTo(along.grid[4]! - along.grid[0]!, 9)
  expect(answer(partialDependence([[1], [2], [2]], 0, (given) => given.map((row) => row[0]!)))).toMatchObject({
    grid: [1, 2],
    mean: [1, 2],
  })
  expect(partialDependence([[Number.NaN]], 0, () => [1])).toMatchObject({ ok: false, had: 0 })
})

test('Gauss and Legendre integrate polynomials exactly', () => {
  for (const n of [1, 2, 4, 11]) {
    const { nodes, weights } = gaussLegendre(n)
    for (let degree = 0; degree < 2 * n; degree++) {
      const sum = nodes.reduce((s, x, i) => s + weights[i]! * x ** degree, 0)
      expectNear(sum, 1 / (degree + 1), `${n}, ${degree}`, 1e-14)
    }
  }
})

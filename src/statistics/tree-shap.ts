import { gaussLegendre } from './gauss-legendre.ts'
import type { TreeEnsemble } from './tree-ensemble.ts'
import { type CompiledTree, compileTree, uniqueDepth } from './tree-shap-tables.ts'

const FOUR = 4

export interface Explanation {
  /** the output expected without knowing the row */
  base: number
  /** values[row · features + feature]: what the feature adds to this row's output */
  values: Float64Array
  /** the model's outputs; base + the row's values, up to rounding */
  outputs: Float64Array
  /** largest |base + Σ values − output| of the rows: the additivity check */
  gap: number
}

/**
 * Exact path-dependent TreeSHAP (Lundberg et al. 2020, algorithm 2: Shapley's values where an unknown feature follows the
 * training rows' covers) of any ensemble of trees. Prepares the trees once; `explain` may be called again and again.
 *
 * Another way to the same numbers: with Shapley's weights as an integral, k!(d−1−k)!/d! = ∫₀¹ tᵏ(1−t)^(d−1−k) dt, a leaf
 * with value v adds v (oᵢ − zᵢ) ∫ Π_{j≠i} (zⱼ(1−t) + oⱼt) dt to feature i, where zⱼ is the share of covers and oⱼ whether
 * the row follows the path. The integrand is a polynomial of degree below the number d of different features of the path,
 * so ⌈d/2⌉ Gauss–Legendre nodes are exact; at each node the products pass down the tree once and the sums up once:
 * O(nodes · d/2) a tree and row instead of O(leaves · d²).
 */
export function createTreeShap(
  model: TreeEnsemble,
  features: number,
): { base: number; explain(rows: readonly ArrayLike<number>[]): Explanation } {
  const deepest = model.trees.reduce((most, tree) => Math.max(most, uniqueDepth(tree, model)), 1)
  const points = Math.max(FOUR, Math.ceil(deepest / 2))
  const rule = gaussLegendre(points)
  const trees = model.trees.map((tree) => compileTree(tree, model, rule))
  const base = model.base + trees.reduce((sum, tree) => sum + tree.expected, 0)
  const largest = trees.reduce((most, tree) => Math.max(most, tree.size), 1)
  const explainTree = points === FOUR ? explainFour : explainAny
  return {
    base,
    explain(rows) {
      const values = new Float64Array(rows.length * features)
      const outputs = new Float64Array(rows.length).fill(model.base)
      const flat = rows.map((row) => Float64Array.from(row))
      const work: Work = {
        points,
        down: new Float64Array(largest * points),
        up: new Float64Array(largest * points),
        states: new Uint8Array(largest),
        ways: new Uint8Array(largest),
      }
      // tree by tree, so that one tree's tables stay in the processor's cache for all rows
      for (const tree of trees)
        for (let r = 0; r < flat.length; r++) {
          goDown(tree, flat[r]!, model.strict ?? false, work)
          explainTree(tree, work, values, r * features)
          outputs[r]! += outputOf(tree, work.ways)
        }
      return { base, values, outputs, gap: largestGap(base, values, outputs, features) }
    },
  }
}

function largestGap(base: number, values: Float64Array, outputs: Float64Array, features: number): number {
  let gap = 0
  outputs.forEach((output, r) => {
    let sum = base
    for (let f = 0; f < features; f++) sum += values[r * features + f]!
    gap = Math.max(gap, Math.abs(sum - output))
  })
  return gap
}

interface Work {
  points: number
  /** products on the way down and sums on the way up, by node · points */
  down: Float64Array
  up: Float64Array
  /** by node, what its edge does (see the tables) */
  states: Uint8Array
  /** by node, whether the row goes left there */
  ways: Uint8Array
}

/** Where the row would go at every node, and what that makes of every edge. */
function goDown(tree: CompiledTree, row: Float64Array, strict: boolean, { states, ways }: Work): void {
  const { size, split, threshold, missingLeft, parent, isLeft, above } = tree
  for (let node = 0; node < size; node++) {
    const x = row[split[node]!]!
    ways[node] =
      x < threshold[node]! || (x === threshold[node]! && !strict) ? 1 : Number.isNaN(x) ? missingLeft[node]! : 0
    const here = ways[parent[node]!] === isLeft[node] ? 1 : 0
    const nearest = above[node]!
    states[node] = nearest < 0 ? here : states[nearest] === 1 ? 2 - here : 0
  }
}

/** Any number of points. Adds to values[at…]. */
function explainAny(
  tree: CompiledTree,
  { points, down, up, states, ways }: Work,
  values: Float64Array,
  at: number,
): void {
  const { size, parent, feature, asked, aboveLeaves, factors, gains, leafSums, leafGains } = tree
  down.fill(1, 0, points)
  for (let node = 1; node < size; node++) {
    const table = (node * 3 + states[node]!) * points
    for (let q = 0; q < points; q++) down[node * points + q] = down[parent[node]! * points + q]! * factors[table + q]!
  }
  up.fill(0)
  for (let node = size - 1; node >= 0; node--) {
    const nearest = aboveLeaves[node]!
    const ofLeaves = (node * 3 + (nearest >= 0 && states[nearest] !== 1 ? 2 : ways[node]!)) * points
    const table = (node * 3 + states[node]!) * points
    let [own, edge] = [0, 0]
    for (let q = 0; q < points; q++) {
      const product = down[node * points + q]!
      const sum = up[node * points + q]! + leafSums[ofLeaves + q]! * product
      own += leafGains[ofLeaves + q]! * product
      edge += gains[table + q]! * sum
      if (node > 0) up[parent[node]! * points + q]! += sum
    }
    values[at + asked[node]!]! += own
    if (node > 0) values[at + feature[node]!]! += edge
  }
}

/** The same with four points, enough for up to eight different features a path: no inner loops. */
function explainFour(tree: CompiledTree, { down, up, states, ways }: Work, values: Float64Array, at: number): void {
  const { size, parent, feature, asked, aboveLeaves, factors, gains, leafSums, leafGains } = tree
  if (size === 0) return
  down.fill(1, 0, FOUR)
  up.fill(0, 0, FOUR)
  for (let node = 1; node < size; node++) {
    const t = (node * 3 + states[node]!) * FOUR
    const i = node * FOUR
    const p = parent[node]! * FOUR
    down[i] = down[p]! * factors[t]!
    down[i + 1] = down[p + 1]! * factors[t + 1]!
    down[i + 2] = down[p + 2]! * factors[t + 2]!
    down[i + 3] = down[p + 3]! * factors[t + 3]!
    up[i] = 0
    up[i + 1] = 0
    up[i + 2] = 0
    up[i + 3] = 0
  }
  for (let node = size - 1; node >= 0; node--) {
    const nearest = aboveLeaves[node]!
    const l = (node * 3 + (nearest >= 0 && states[nearest] !== 1 ? 2 : ways[node]!)) * FOUR
    const i = node * FOUR
    const a = down[i]!
    const b = down[i + 1]!
    const c = down[i + 2]!
    const d = down[i + 3]!
    values[at + asked[node]!]! +=
      leafGains[l]! * a + leafGains[l + 1]! * b + leafGains[l + 2]! * c + leafGains[l + 3]! * d
    if (node === 0) return
    const sumA = up[i]! + leafSums[l]! * a
    const sumB = up[i + 1]! + leafSums[l + 1]! * b
    const sumC = up[i + 2]! + leafSums[l + 2]! * c
    const sumD = up[i + 3]! + leafSums[l + 3]! * d
    const t = (node * 3 + states[node]!) * FOUR
    values[at + feature[node]!]! +=
      gains[t]! * sumA + gains[t + 1]! * sumB + gains[t + 2]! * sumC + gains[t + 3]! * sumD
    const p = parent[node]! * FOUR
    up[p]! += sumA
    up[p + 1]! += sumB
    up[p + 2]! += sumC
    up[p + 3]! += sumD
  }
}

function outputOf({ size, left, right, leaves }: CompiledTree, ways: Uint8Array): number {
  let node = size > 0 ? 0 : -1
  while (node >= 0) node = ways[node] === 1 ? left[node]! : right[node]!
  return leaves[-1 - node]!
}

import { featureOf, goesLeft, predictTrees, type Tree, type TreeEnsemble } from './tree-ensemble.ts'
import type { Explanation } from './tree-shap.ts'

/**
 * Exact interventional TreeSHAP (Lundberg et al. 2020, algorithm 3): Shapley's values of the game whose unknown features
 * take the values of background rows, averaged over those. Costs rows · background · nodes; a background of 100 rows is
 * usual. `base` is the mean output of the background.
 */
export function interventionalShap(
  model: TreeEnsemble,
  features: number,
  rows: readonly ArrayLike<number>[],
  background: readonly ArrayLike<number>[],
): Explanation {
  const values = new Float64Array(rows.length * features)
  const outputs = Float64Array.from(rows, (row) => predictTrees(model, row))
  const deepest = model.trees.reduce((most, tree) => Math.max(most, tree.feature.length), 1)
  const weight = shapleyWeights(Math.min(features, deepest))
  // 0: not met on the path, 1: taken from the row, 2: taken from the background
  const side = new Uint8Array(features)
  const base = background.reduce((sum, row) => sum + predictTrees(model, row), 0) / background.length
  let gap = 0
  rows.forEach((row, r) => {
    const at = r * features
    for (const other of background)
      for (const tree of model.trees) ofPair(tree, model, row, other, side, weight, values, at, 1 / background.length)
    let sum = base
    for (let f = 0; f < features; f++) sum += values[at + f]!
    gap = Math.max(gap, Math.abs(sum - outputs[r]!))
  })
  return { base, values, outputs, gap }
}

/** weight(a, b) = a! b! / (a + b + 1)!, by which a feature counts beside a others of its side and b of the other. */
function shapleyWeights(most: number): (a: number, b: number) => number {
  const table = Array.from({ length: most + 1 }, () => new Float64Array(most + 1))
  for (let a = 0; a <= most; a++) {
    table[a]![0] = 1 / (a + 1)
    for (let b = 1; b <= most; b++) table[a]![b] = (table[a]![b - 1]! * b) / (a + b + 1)
  }
  return (a, b) => table[a]![b]!
}

function ofPair(
  tree: Tree,
  model: TreeEnsemble,
  row: ArrayLike<number>,
  other: ArrayLike<number>,
  side: Uint8Array,
  weight: (a: number, b: number) => number,
  values: Float64Array,
  at: number,
  share: number,
): void {
  const strict = model.strict ?? false
  const fromRow: number[] = []
  const fromOther: number[] = []
  const visit = (node: number): void => {
    const column = tree.feature[node]!
    if (column < 0) {
      const v = tree.value[node]! * share
      const [a, b] = [fromRow.length, fromOther.length]
      if (a > 0) for (const f of fromRow) values[at + f]! += v * weight(a - 1, b)
      if (b > 0) for (const f of fromOther) values[at + f]! -= v * weight(a, b - 1)
      return
    }
    const ofRow = goesLeft(tree, node, row[column]!, strict) ? tree.left[node]! : tree.right[node]!
    const ofOther = goesLeft(tree, node, other[column]!, strict) ? tree.left[node]! : tree.right[node]!
    const feature = featureOf(model, column)
    if (ofRow === ofOther || side[feature] !== 0) {
      visit(side[feature] === 2 ? ofOther : ofRow)
      return
    }
    side[feature] = 1
    fromRow.push(feature)
    visit(ofRow)
    fromRow.pop()
    side[feature] = 2
    fromOther.push(feature)
    visit(ofOther)
    fromOther.pop()
    side[feature] = 0
  }
  visit(0)
}

/**
 * A binary regression tree as arrays over its nodes; node 0 is the root. A node with `feature` −1 is a leaf and answers
 * `value`; else a row goes `left` when its feature is ≤ `threshold`, else `right`. `cover` is how many training rows (or
 * their weight) passed the node; children's covers sum to their parent's.
 */
export interface Tree {
  feature: Int32Array
  threshold: Float64Array
  left: Int32Array
  right: Int32Array
  value: Float64Array
  cover: Float64Array
  /** where NaN goes: 1 left, 0 right; right everywhere when absent */
  missingLeft?: Uint8Array
}

/** base + Σ trees: one output, in the model's margin (log odds for a classifier). */
export interface TreeEnsemble {
  base: number
  trees: readonly Tree[]
  /** a row goes left when its feature is below the threshold, not when it is equal (XGBoost); false when absent */
  strict?: boolean
  /**
   * By column of a row, the feature that it is a part of: columns made of one feature (one-hot, a category's membership) are
   * known or unknown together. Every column is a feature of its own when absent.
   */
  parts?: Int32Array
}

/** The feature that a column is a part of. */
export const featureOf = ({ parts }: Pick<TreeEnsemble, 'parts'>, column: number): number => parts?.[column] ?? column

/** Whether a value goes left at a node. */
export function goesLeft(tree: Tree, node: number, x: number, strict: boolean): boolean {
  if (Number.isNaN(x)) return tree.missingLeft?.[node] === 1
  return strict ? x < tree.threshold[node]! : x <= tree.threshold[node]!
}

/** The ensemble's output for one row. */
export function predictTrees(model: TreeEnsemble, row: ArrayLike<number>): number {
  let sum = model.base
  for (const tree of model.trees) {
    let node = 0
    while (tree.feature[node]! >= 0)
      node = goesLeft(tree, node, row[tree.feature[node]!]!, model.strict ?? false)
        ? tree.left[node]!
        : tree.right[node]!
    sum += tree.value[node]!
  }
  return sum
}

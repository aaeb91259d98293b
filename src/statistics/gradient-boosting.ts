import type { Tree, TreeEnsemble } from './tree-ensemble.ts'

export interface BoostingOptions {
  loss?: 'squared' | 'logistic'
  trees?: number
  depth?: number
  rate?: number
  /** fewest rows of a leaf */
  leaf?: number
  /** most bins a feature is cut into, at quantiles */
  bins?: number
}

interface Binned {
  codes: Uint8Array[]
  edges: number[][]
}

/** Bin 0 holds NaN and what is at most the first edge; bin b what is above edge b − 1. */
function binned(rows: readonly ArrayLike<number>[], most: number): Binned {
  const features = rows[0]?.length ?? 0
  const codes: Uint8Array[] = []
  const edges: number[][] = []
  for (let f = 0; f < features; f++) {
    const column = Float64Array.from(rows, (row) => row[f]!)
    const sorted = column.filter((x) => !Number.isNaN(x)).sort()
    const cuts = new Set<number>()
    for (let b = 1; b < most && sorted.length > 0; b++) {
      const cut = sorted[Math.min(sorted.length - 1, Math.floor((b * sorted.length) / most))]!
      if (cut < sorted.at(-1)!) cuts.add(cut)
    }
    const ends = [...cuts]
    edges.push(ends)
    codes.push(
      Uint8Array.from(column, (x) => {
        let low = 0
        let high = ends.length
        while (low < high) {
          const mid = (low + high) >> 1
          if (x > ends[mid]!) low = mid + 1
          else high = mid
        }
        return low
      }),
    )
  }
  return { codes, edges }
}

/**
 * Gradient-boosted trees on histograms (Friedman 2001; Newton's leaves for the logistic loss), for small questions within
 * the product: domain classifiers, expected losses. Deterministic: no row or column is drawn. NaN goes left. `targets` are
 * numbers, or 0 and 1 for the logistic loss, whose output is in log odds.
 */
export function fitBoosting(
  rows: readonly ArrayLike<number>[],
  targets: readonly number[],
  { loss = 'squared', trees = 50, depth = 3, rate = 0.1, leaf = 20, bins = 64 }: BoostingOptions = {},
): TreeEnsemble {
  const n = rows.length
  const mean = targets.reduce((a, b) => a + b, 0) / Math.max(1, n)
  const share = Math.min(1 - 1e-9, Math.max(1e-9, mean))
  const base = loss === 'logistic' ? Math.log(share / (1 - share)) : n > 0 ? mean : 0
  const data = binned(rows, Math.min(256, bins))
  const output = new Float64Array(n).fill(base)
  const gradient = new Float64Array(n)
  const weight = new Float64Array(n).fill(1)
  const fitted: Tree[] = []
  for (let round = 0; round < trees; round++) {
    for (let i = 0; i < n; i++) {
      if (loss === 'squared') gradient[i] = targets[i]! - output[i]!
      else {
        const p = 1 / (1 + Math.exp(-output[i]!))
        gradient[i] = targets[i]! - p
        weight[i] = Math.max(1e-12, p * (1 - p))
      }
    }
    fitted.push(growTree(data, gradient, weight, output, { depth, rate, leaf }))
  }
  return { base, trees: fitted }
}

interface Split {
  gain: number
  feature: number
  bin: number
}

/** Grows one tree and adds its answers to `output`. */
function growTree(
  { codes, edges }: Binned,
  gradient: Float64Array,
  weight: Float64Array,
  output: Float64Array,
  { depth, rate, leaf }: { depth: number; rate: number; leaf: number },
): Tree {
  const nodes: { feature: number; threshold: number; left: number; right: number; value: number; cover: number }[] = []
  const bestSplit = (rows: Uint32Array, g: number, h: number): Split | undefined => {
    let best: Split | undefined
    for (let f = 0; f < codes.length; f++) {
      const bins = edges[f]!.length + 1
      if (bins < 2) continue
      const sums = new Float64Array(3 * bins)
      const code = codes[f]!
      for (const row of rows) {
        const at = 3 * code[row]!
        sums[at]! += gradient[row]!
        sums[at + 1]! += weight[row]!
        sums[at + 2]! += 1
      }
      let [leftG, leftH, count] = [0, 0, 0]
      for (let bin = 0; bin < bins - 1; bin++) {
        leftG += sums[3 * bin]!
        leftH += sums[3 * bin + 1]!
        count += sums[3 * bin + 2]!
        if (count < leaf || rows.length - count < leaf) continue
        const gain = leftG ** 2 / leftH + (g - leftG) ** 2 / (h - leftH) - g ** 2 / h
        if (gain > (best?.gain ?? 1e-12)) best = { gain, feature: f, bin }
      }
    }
    return best
  }
  const grow = (rows: Uint32Array, level: number): number => {
    const id = nodes.length
    let [g, h] = [0, 0]
    for (const row of rows) {
      g += gradient[row]!
      h += weight[row]!
    }
    const node = {
      feature: -1,
      threshold: 0,
      left: -1,
      right: -1,
      value: h > 0 ? (rate * g) / h : 0,
      cover: rows.length,
    }
    nodes.push(node)
    const split = level < depth ? bestSplit(rows, g, h) : undefined
    if (!split) {
      for (const row of rows) output[row]! += node.value
      return id
    }
    const code = codes[split.feature]!
    node.feature = split.feature
    node.threshold = edges[split.feature]![split.bin]!
    node.left = grow(
      rows.filter((row) => code[row]! <= split.bin),
      level + 1,
    )
    node.right = grow(
      rows.filter((row) => code[row]! > split.bin),
      level + 1,
    )
    return id
  }
  grow(
    Uint32Array.from(gradient, (_, i) => i),
    0,
  )
  return {
    feature: Int32Array.from(nodes, (node) => node.feature),
    threshold: Float64Array.from(nodes, (node) => node.threshold),
    left: Int32Array.from(nodes, (node) => node.left),
    right: Int32Array.from(nodes, (node) => node.right),
    value: Float64Array.from(nodes, (node) => node.value),
    cover: Float64Array.from(nodes, (node) => node.cover),
    missingLeft: new Uint8Array(nodes.length).fill(1),
  }
}

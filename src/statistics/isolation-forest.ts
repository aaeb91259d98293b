import { type Random, seededRandom } from './seeded-random.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

interface Node {
  feature: number
  threshold: number
  left: number
  right: number
  /** rows that ended here, for leaves */
  rows: number
}

export interface IsolationForest {
  trees: Node[][]
  sample: number
}

const EULER = 0.5772156649015329

/** Mean path length of an unsuccessful search among n rows: 2 H(n − 1) − 2 (n − 1)/n, H by Euler's constant, as scikit-learn's. */
export function meanPathLength(n: number): number {
  if (n <= 1) return 0
  if (n === 2) return 1
  return 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n
}

/**
 * Isolation forest (Liu, Ting & Zhou 2008): `trees` random trees, each on `sample` drawn rows, cut at random values until
 * ⌈log₂ sample⌉ deep. Seeded, so repeatable. NaN goes right. Needs two rows.
 */
export function fitIsolationForest(
  rows: readonly ArrayLike<number>[],
  { trees = 100, sample = 256, seed = 1 } = {},
): Measured<{ forest: IsolationForest }> {
  if (rows.length < 2) return tooFewSamples('rows', 2, rows.length)
  const random = seededRandom(seed)
  const size = Math.min(sample, rows.length)
  const depth = Math.ceil(Math.log2(Math.max(2, size)))
  const order = rows.map((_, i) => i)
  const grown: Node[][] = []
  for (let t = 0; t < trees; t++) {
    for (let i = 0; i < size; i++) {
      const j = i + Math.floor(random() * (order.length - i))
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    const nodes: Node[] = []
    grow(
      nodes,
      order.slice(0, size).map((i) => rows[i]!),
      depth,
      random,
    )
    grown.push(nodes)
  }
  return { ok: true, forest: { trees: grown, sample: size } }
}

function grow(nodes: Node[], rows: ArrayLike<number>[], depth: number, random: Random): number {
  const id = nodes.length
  const node: Node = { feature: -1, threshold: 0, left: -1, right: -1, rows: rows.length }
  nodes.push(node)
  if (depth === 0 || rows.length <= 1) return id
  const open: { feature: number; low: number; high: number }[] = []
  for (let feature = 0; feature < rows[0]!.length; feature++) {
    let [low, high] = [Infinity, -Infinity]
    for (const row of rows) {
      const x = row[feature]!
      if (x < low) low = x
      if (x > high) high = x
    }
    if (high > low && Number.isFinite(high - low)) open.push({ feature, low, high })
  }
  const chosen = open[Math.floor(random() * open.length)]
  if (!chosen) return id
  const threshold = chosen.low + random() * (chosen.high - chosen.low)
  const goesLeft = (row: ArrayLike<number>) => row[chosen.feature]! <= threshold
  node.feature = chosen.feature
  node.threshold = threshold
  node.left = grow(nodes, rows.filter(goesLeft), depth - 1, random)
  node.right = grow(
    nodes,
    rows.filter((row) => !goesLeft(row)),
    depth - 1,
    random,
  )
  return id
}

/** 2^(−mean path / expected path), 0 to 1: about ½ for ordinary rows, near 1 for rows that few cuts isolate. */
export function isolationScore({ trees, sample }: IsolationForest, row: ArrayLike<number>): number {
  let sum = 0
  for (const nodes of trees) {
    let at = 0
    let depth = 0
    while (nodes[at]!.feature >= 0) {
      const node = nodes[at]!
      at = row[node.feature]! <= node.threshold ? node.left : node.right
      depth++
    }
    sum += depth + meanPathLength(nodes[at]!.rows)
  }
  return 2 ** (-sum / trees.length / meanPathLength(sample))
}

import { featureOf, type Tree, type TreeEnsemble } from './tree-ensemble.ts'

/**
 * The nodes of a tree that ask something, in preorder, each with the edge that leads to it. Leaves are folded into the
 * node above them.
 */
export interface CompiledTree {
  size: number
  parent: Int32Array
  isLeft: Uint8Array
  /** the column that is asked, and the feature it is a part of */
  split: Int32Array
  asked: Int32Array
  threshold: Float64Array
  missingLeft: Uint8Array
  /** the feature of the edge: what the parent asks for */
  feature: Int32Array
  /** the nearest edge at or above the parent (for `above`), at or above the node (for `aboveLeaves`), of the same feature; or −1 */
  above: Int32Array
  aboveLeaves: Int32Array
  /** the next node to the left and right, or −1 − the place of a leaf in `leaves` */
  left: Int32Array
  right: Int32Array
  leaves: Float64Array
  /** by (node · 3 + state) · points: what the edge multiplies the products with, and its feature's gain (with weights) */
  factors: Float64Array
  gains: Float64Array
  /** the same of the leaves below: the sum they send up, and what they add to the node's feature, for products of 1 */
  leafSums: Float64Array
  leafGains: Float64Array
  /** mean output by covers */
  expected: number
}

/** What an edge does to the products: the path was left (here or above), is followed, or was followed up to this edge. */
export const LEFT_PATH = 0
export const FOLLOWED = 1
export const LEAVES_HERE = 2

/** Most different features on a path. */
export function uniqueDepth(tree: Tree, model: Pick<TreeEnsemble, 'parts'>): number {
  let most = 0
  const visit = (node: number, path: number[]): void => {
    const column = tree.feature[node]!
    if (column < 0) {
      most = Math.max(most, new Set(path).size)
      return
    }
    path.push(featureOf(model, column))
    visit(tree.left[node]!, path)
    visit(tree.right[node]!, path)
    path.pop()
  }
  visit(0, [])
  return most
}

/** z of an edge: its share r of the parent's cover, times that of the edges of the same feature above. */
interface Edge {
  share: number
  z: number
  /** z of the nearest edge above of the same feature */
  before: number | undefined
}

/**
 * Factor and gain of an edge at a point t. With o whether the row follows, a feature's factor is f(o) = z(1 − t) + ot and
 * its gain (o − z)/f(o); an edge whose feature was asked above replaces that one's factor and gain.
 */
function terms({ share, z, before }: Edge, state: number, t: number): { factor: number; gain: number } {
  const rest = 1 - t
  const followed = z * rest + t
  if (before === undefined)
    return state === FOLLOWED
      ? { factor: followed, gain: (1 - z) / followed }
      : { factor: share * rest, gain: -1 / rest }
  const fBefore = before * rest + t
  const gainBefore = (1 - before) / fBefore
  if (state === FOLLOWED) return { factor: followed / fBefore, gain: (1 - z) / followed - gainBefore }
  if (state === LEAVES_HERE) return { factor: (z * rest) / fBefore, gain: -1 / rest - gainBefore }
  return { factor: share, gain: 0 }
}

interface Node {
  own: number
  parent: number
  isLeft: boolean
  feature: number
  above: number
  edge: Edge
  aboveLeaves: number
  leafEdges: { value: number; isLeft: boolean; edge: Edge }[]
  left: number
  right: number
}

/** The tables of a tree at the points of a rule. */
export function compileTree(
  tree: Tree,
  model: Pick<TreeEnsemble, 'parts'>,
  { nodes: points, weights }: { nodes: number[]; weights: number[] },
): CompiledTree {
  const nodes: Node[] = []
  const leaves: number[] = []
  let expected = 0
  /** `path` holds the latest edge (the node it leads to) of each feature. */
  const visit = (
    own: number,
    at: Omit<Node, 'own' | 'aboveLeaves' | 'leafEdges' | 'left' | 'right'>,
    path: Map<number, number>,
    reach: number,
  ): number => {
    const id = nodes.length
    const next = at.feature < 0 ? path : new Map(path).set(at.feature, id)
    const feature = featureOf(model, tree.feature[own]!)
    const above = next.get(feature) ?? -1
    const node: Node = { own, ...at, aboveLeaves: above, leafEdges: [], left: -1, right: -1 }
    nodes.push(node)
    for (const side of ['left', 'right'] as const) {
      const child = tree[side][own]!
      const share = tree.cover[own]! > 0 ? tree.cover[child]! / tree.cover[own]! : 0
      const before = above < 0 ? undefined : nodes[above]!.edge.z
      const edge: Edge = { share, z: share * (before ?? 1), before }
      const isLeft = side === 'left'
      if (tree.feature[child]! < 0) {
        const value = tree.value[child]!
        expected += reach * share * value
        node.leafEdges.push({ value, isLeft, edge })
        node[side] = -1 - leaves.length
        leaves.push(value)
      } else node[side] = visit(child, { parent: id, isLeft, feature, above, edge }, next, reach * share)
    }
    return id
  }
  if (tree.feature[0]! < 0) expected = tree.value[0]!
  else
    visit(
      0,
      { parent: 0, isLeft: false, feature: -1, above: -1, edge: { share: 1, z: 1, before: undefined } },
      new Map(),
      1,
    )
  const n = points.length
  const tables = () => new Float64Array(nodes.length * 3 * n)
  const [factors, gains, leafSums, leafGains] = [tables(), tables(), tables(), tables()]
  nodes.forEach((node, id) => {
    for (let state = 0; state < 3; state++)
      for (let q = 0; q < n; q++) {
        const place = (id * 3 + state) * n + q
        const { factor, gain } = terms(node.edge, state, points[q]!)
        factors[place] = factor
        gains[place] = gain * weights[q]!
        for (const leaf of node.leafEdges) {
          const own = terms(leaf.edge, leafState(node.aboveLeaves, state, leaf.isLeft), points[q]!)
          leafSums[place]! += leaf.value * own.factor
          leafGains[place]! += leaf.value * own.factor * own.gain * weights[q]!
        }
      }
  })
  const ints = (of: (node: Node) => number) => Int32Array.from(nodes, of)
  return {
    size: nodes.length,
    parent: ints((x) => x.parent),
    isLeft: Uint8Array.from(nodes, (x) => (x.isLeft ? 1 : 0)),
    split: ints((x) => tree.feature[x.own]!),
    asked: ints((x) => featureOf(model, tree.feature[x.own]!)),
    threshold: Float64Array.from(nodes, (x) => tree.threshold[x.own]!),
    missingLeft: Uint8Array.from(nodes, (x) => tree.missingLeft?.[x.own] ?? 0),
    feature: ints((x) => Math.max(0, x.feature)),
    above: ints((x) => x.above),
    aboveLeaves: ints((x) => x.aboveLeaves),
    left: ints((x) => x.left),
    right: ints((x) => x.right),
    leaves: Float64Array.from(nodes.length > 0 ? leaves : [tree.value[0]!]),
    factors,
    gains,
    leafSums,
    leafGains,
    expected,
  }
}

/** State of a leaf's edge when the row goes right (0), left (1) at the node, or the feature's path was left above (2). */
function leafState(above: number, way: number, isLeft: boolean): number {
  if (way === 2) return LEFT_PATH
  if (isLeft === (way === 1)) return FOLLOWED
  return above < 0 ? LEFT_PATH : LEAVES_HERE
}

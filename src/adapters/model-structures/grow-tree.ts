import type { Tree } from '../../statistics/tree-ensemble.ts'

/** What a file says of a node: a leaf, or a question whose answer "yes" goes left. */
export type NodeSpec =
  | { value: number; cover: number }
  | { column: number; threshold: number; missingLeft: boolean; left: number; right: number; cover: number }

/** Why a file's trees are not trees. */
export class NoTree extends Error {}

/** A tree from a file's own numbering of its nodes, in preorder. Errors: `NoTree` where nodes are missing or met twice. */
export function growTree(node: (id: number) => NodeSpec | undefined, root = 0): Tree {
  const specs: NodeSpec[] = []
  const left: number[] = []
  const right: number[] = []
  const met = new Set<number>()
  const open: { id: number; parent: number; side: number[] }[] = [{ id: root, parent: -1, side: left }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { id, parent, side } = next
    const spec = node(id)
    if (!spec || met.has(id)) throw new NoTree(`node ${id} is ${spec ? 'met twice' : 'missing'}`)
    met.add(id)
    const at = specs.push(spec) - 1
    left.push(-1)
    right.push(-1)
    if (parent >= 0) side[parent] = at
    if ('column' in spec) {
      open.push({ id: spec.right, parent: at, side: right })
      open.push({ id: spec.left, parent: at, side: left })
    }
  }
  return {
    feature: Int32Array.from(specs, (spec) => ('column' in spec ? spec.column : -1)),
    threshold: Float64Array.from(specs, (spec) => ('column' in spec ? spec.threshold : 0)),
    missingLeft: Uint8Array.from(specs, (spec) => ('column' in spec && spec.missingLeft ? 1 : 0)),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    value: Float64Array.from(specs, (spec) => ('value' in spec ? spec.value : 0)),
    cover: Float64Array.from(specs, (spec) => spec.cover),
  }
}

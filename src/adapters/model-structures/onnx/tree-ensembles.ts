import type { Tree } from '../../../statistics/tree-ensemble.ts'
import { growTree, type NodeSpec } from '../grow-tree.ts'
import type { InnerColumns } from '../inner-columns.ts'
import { NotByColumns } from './columns.ts'
import type { GraphNode } from './read-graph.ts'

export interface OnnxTrees {
  base: number
  trees: Tree[]
  covers: boolean
  postTransform: string
}

type Question = 'LEQ' | 'LT' | 'GTE' | 'GT' | 'EQ' | 'NEQ' | 'MEMBER'

const bits = new DataView(new ArrayBuffer(8))

/** The largest number of the precision below `x`. */
function below(x: number, single: boolean): number {
  if (x === 0) return single ? -(2 ** -149) : -Number.MIN_VALUE
  if (!Number.isFinite(x)) return x
  if (single) {
    bits.setFloat32(0, x)
    bits.setInt32(0, bits.getInt32(0) + (x > 0 ? -1 : 1))
    return bits.getFloat32(0)
  }
  bits.setFloat64(0, x)
  bits.setBigInt64(0, bits.getBigInt64(0) + (x > 0 ? -1n : 1n))
  return bits.getFloat64(0)
}

/** A branch as a question whose "yes" goes left. NaN answers no unless it `tracks` the true branch; it differs from everything. */
function branch(
  question: Question,
  at: {
    column: number
    threshold: number
    yes: number
    no: number
    tracks: boolean
    cover: number
    members?: number[]
  },
  inner: InnerColumns,
  single: boolean,
): NodeSpec {
  const { column, threshold, yes, no, tracks, cover } = at
  const ask = (limit: number) => ({ column, threshold: limit, missingLeft: tracks, left: yes, right: no, cover })
  const otherWay = (limit: number) => ({ column, threshold: limit, missingLeft: false, left: no, right: yes, cover })
  switch (question) {
    case 'LEQ':
      return ask(threshold)
    case 'LT':
      return ask(below(threshold, single))
    case 'GT':
      return { ...otherWay(threshold), missingLeft: !tracks }
    case 'GTE':
      return { ...otherWay(below(threshold, single)), missingLeft: !tracks }
    default: {
      const set = new Set(question === 'MEMBER' ? at.members : [threshold])
      const members = [...set].join(' ')
      const negated = question === 'NEQ'
      const own = inner.add(column, `${negated ? 'not ' : ''}in ${members}${tracks ? ' or missing' : ''}`, (x) =>
        (tracks && Number.isNaN(x)) || set.has(x) !== negated ? 0 : 1,
      )
      return { column: own, threshold: 0.5, missingLeft: false, left: yes, right: no, cover }
    }
  }
}

const list = (node: GraphNode, name: string) => {
  const attribute = node.attributes.get(name)
  return attribute?.tensor?.numbers ?? attribute?.numbers ?? new Float64Array(0)
}

/** Covers are given as hit rates by few converters; most write 1 everywhere. */
function coversHold(trees: readonly Tree[]): boolean {
  return trees.every((tree) =>
    tree.feature.every((feature, i) => {
      if (feature < 0) return true
      const [own, both] = [tree.cover[i]!, tree.cover[tree.left[i]!]! + tree.cover[tree.right[i]!]!]
      return own > 0 && Math.abs(own - both) <= 1e-4 * own
    }),
  )
}

/** ai.onnx.ml's TreeEnsembleClassifier (versions 1, 3) and TreeEnsembleRegressor, for one output. Errors: `NotByColumns`, `NoTree`. */
export function readOldEnsemble(node: GraphNode, inner: InnerColumns, single: boolean): OnnxTrees {
  const classifier = node.operator === 'TreeEnsembleClassifier'
  const prefix = classifier ? 'class' : 'target'
  const get = (name: string) => {
    const precise = list(node, `${name}_as_tensor`)
    return precise.length > 0 ? precise : list(node, name)
  }
  const [ids, treeIds] = [list(node, 'nodes_nodeids'), list(node, 'nodes_treeids')]
  const [columns, thresholds] = [list(node, 'nodes_featureids'), get('nodes_values')]
  const [yes, no] = [list(node, 'nodes_truenodeids'), list(node, 'nodes_falsenodeids')]
  const [tracks, hits] = [list(node, 'nodes_missing_value_tracks_true'), get('nodes_hitrates')]
  const modes = node.attributes.get('nodes_modes')?.texts ?? []
  if (!classifier && (node.attributes.get('aggregate_function')?.text ?? 'SUM') !== 'SUM') {
    const how = node.attributes.get('aggregate_function')!.text
    if (how !== 'AVERAGE') throw new NotByColumns(`its trees are put together by ${how}, not by a sum`)
  }

  const [leafTrees, leafNodes] = [list(node, `${prefix}_treeids`), list(node, `${prefix}_nodeids`)]
  const [targets, weights] = [list(node, `${prefix}_ids`), get(`${prefix}_weights`)]
  const outputs = classifier
    ? (node.attributes.get('classlabels_strings')?.texts.length ?? 0) || list(node, 'classlabels_int64s').length
    : (node.attributes.get('n_targets')?.number ?? 1)
  if (outputs > (classifier ? 2 : 1)) throw new NotByColumns(`it has ${outputs} outputs`)
  // a binary classifier gives weights to one class alone, whatever its number, or to both
  const wanted = classifier ? Math.max(...targets) : 0
  const values = new Map<string, number>()
  weights.forEach((weight, i) => {
    if (targets[i] !== wanted) return
    const key = `${leafTrees[i]}/${leafNodes[i]}`
    values.set(key, (values.get(key) ?? 0) + weight)
  })

  const places = Map.groupBy(ids.keys(), (i) => treeIds[i]!)
  const scale = node.attributes.get('aggregate_function')?.text === 'AVERAGE' ? 1 / places.size : 1
  const trees = [...places].map(([tree, own]) => {
    const at = new Map(own.map((i) => [ids[i]!, i]))
    return growTree((id) => {
      const i = at.get(id)
      if (i === undefined) return undefined
      const cover = hits[i] ?? 0
      const mode = modes[i]!
      if (mode === 'LEAF') return { value: (values.get(`${tree}/${id}`) ?? 0) * scale, cover }
      return branch(
        mode.replace('BRANCH_', '') as Question,
        {
          column: columns[i]!,
          threshold: thresholds[i]!,
          yes: yes[i]!,
          no: no[i]!,
          tracks: tracks[i] === 1,
          cover,
        },
        inner,
        single,
      )
    }, ids[own[0]!]!)
  })
  const bases = get('base_values')
  return {
    base: bases.length === 0 ? 0 : (bases[classifier && bases.length > 1 ? wanted : 0] ?? 0),
    trees,
    covers: coversHold(trees),
    postTransform: node.attributes.get('post_transform')?.text ?? 'NONE',
  }
}

/** ai.onnx.ml 5's TreeEnsemble: interior nodes and leaves are numbered apart, roots say where trees begin. */
export function readTreeEnsemble(node: GraphNode, inner: InnerColumns, single: boolean): OnnxTrees {
  const outputs = node.attributes.get('n_targets')?.number ?? 1
  const aggregate = node.attributes.get('aggregate_function')?.number ?? 1
  if (outputs > 2) throw new NotByColumns(`it has ${outputs} outputs`)
  if (aggregate > 1) throw new NotByColumns('its trees are put together by a minimum or maximum, not by a sum')
  const modes = list(node, 'nodes_modes')
  const [columns, splits] = [list(node, 'nodes_featureids'), list(node, 'nodes_splits')]
  const [yes, no] = [list(node, 'nodes_truenodeids'), list(node, 'nodes_falsenodeids')]
  const [yesLeaf, noLeaf] = [list(node, 'nodes_trueleafs'), list(node, 'nodes_falseleafs')]
  const [tracks, hits] = [list(node, 'nodes_missing_value_tracks_true'), list(node, 'nodes_hitrates')]
  const [weights, targets] = [list(node, 'leaf_weights'), list(node, 'leaf_targetids')]
  const roots = list(node, 'tree_roots')
  const questions = ['LEQ', 'LT', 'GTE', 'GT', 'EQ', 'NEQ', 'MEMBER'] as const
  const scale = aggregate === 0 ? 1 / roots.length : 1
  const wanted = outputs - 1

  // sets of members follow each other, a NaN between them
  const sets: number[][] = [[]]
  for (const member of list(node, 'membership_values'))
    if (Number.isNaN(member)) sets.push([])
    else sets.at(-1)!.push(member)
  const setOf = new Map<number, number[]>()
  modes.forEach((mode, i) => {
    if (mode === 6) setOf.set(i, sets[setOf.size] ?? [])
  })

  // leaves have negative numbers here
  const idOf = (at: number, leaf: number | undefined) => (leaf === 1 ? -1 - at : at)
  const leafOnly = (root: number) => yes[root] === no[root] && yesLeaf[root] === 1 && noLeaf[root] === 1
  const trees = Array.from(roots, (root) =>
    growTree(
      (id) => {
        if (id < 0) {
          const leaf = -1 - id
          if (weights[leaf] === undefined) return undefined
          return { value: (targets[leaf] ?? 0) === wanted ? weights[leaf] * scale : 0, cover: 0 }
        }
        const question = questions[modes[id]!]
        if (!question) return undefined
        const at = {
          column: columns[id]!,
          threshold: splits[id]!,
          yes: idOf(yes[id]!, yesLeaf[id]),
          no: idOf(no[id]!, noLeaf[id]),
          tracks: tracks[id] === 1,
          cover: hits[id] ?? 0,
          members: setOf.get(id) ?? [],
        }
        return branch(question, at, inner, single)
      },
      leafOnly(root) ? idOf(yes[root]!, 1) : root,
    ),
  )
  return {
    base: 0,
    trees,
    covers: false,
    postTransform: ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'][
      node.attributes.get('post_transform')?.number ?? 0
    ]!,
  }
}

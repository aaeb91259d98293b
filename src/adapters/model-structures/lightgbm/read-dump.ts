import { z } from 'zod'
import { NoTree } from '../grow-tree.ts'
import type { Booster, BoosterNode, Missing } from './read-text.ts'

const dump = z.object({
  name: z.literal('tree'),
  feature_names: z.array(z.string()),
  objective: z.string().default('regression'),
  num_class: z.number().default(1),
  num_tree_per_iteration: z.number().default(1),
  average_output: z.boolean().default(false),
  pandas_categorical: z.array(z.array(z.unknown())).nullish(),
  feature_infos: z.record(z.string(), z.object({ values: z.array(z.number()).default([]) })).default({}),
  tree_info: z.array(z.object({ tree_structure: z.unknown() })),
})

interface Branch {
  split_feature: number
  threshold: number | string
  decision_type: string
  default_left: boolean
  missing_type: string
  internal_count: number
  left_child: Branch | Leaf
  right_child: Branch | Leaf
}
interface Leaf {
  leaf_value: number
  leaf_count?: number
}

/** LightGBM's JSON (`dump_model`); undefined for other JSON. Errors: `NoTree`. */
export function readDump(value: unknown): Booster | undefined {
  const parsed = dump.safeParse(value)
  if (!parsed.success) return undefined
  const { data } = parsed
  return {
    names: data.feature_names,
    objective: data.objective,
    outputs: data.num_tree_per_iteration,
    averaged: data.average_output,
    frameCategories: (data.pandas_categorical ?? []).map((list) => list.map(String)),
    categorical: data.feature_names.flatMap((name, i) =>
      (data.feature_infos[name]?.values.length ?? 0) > 0 ? [i] : [],
    ),
    trees: data.tree_info.map(({ tree_structure }) => treeOf(tree_structure as Branch | Leaf)),
  }
}

function treeOf(root: Branch | Leaf): Booster['trees'][number] {
  const nodes: BoosterNode[] = []
  const places: (Branch | Leaf)[] = [root]
  for (let at = 0; at < places.length; at++) {
    const place = places[at]!
    if (typeof place !== 'object' || place === null) throw new NoTree('a node is missing')
    if ('leaf_value' in place) {
      nodes.push({ value: place.leaf_value, cover: place.leaf_count ?? 0 })
      continue
    }
    const left = places.push(place.left_child) - 1
    const right = places.push(place.right_child) - 1
    nodes.push({
      column: place.split_feature,
      split: place.decision_type === '==' ? String(place.threshold).split('||').map(Number) : Number(place.threshold),
      missing: place.missing_type as Missing,
      defaultLeft: place.default_left,
      left,
      right,
      cover: place.internal_count,
    })
  }
  return { root: 0, node: (id) => nodes[id] }
}

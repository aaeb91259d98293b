import { z } from 'zod'
import type { ModelDescription } from '../../../contracts/model-runtime.ts'
import { defineStructureReader, type ModelStructure, type ScoreLink } from '../../../contracts/model-structure.ts'
import type { Tree } from '../../../statistics/tree-ensemble.ts'
import { boosterFiles } from '../booster-file.ts'
import { growTree, NoTree } from '../grow-tree.ts'
import { createInnerColumns, type InnerColumns } from '../inner-columns.ts'
import { matchFeatures } from '../match-features.ts'
import { readUbj } from './read-ubj.ts'

const numbers = z.array(z.number()).default([])
const tree = z.object({
  left_children: z.array(z.number()),
  right_children: z.array(z.number()),
  split_indices: z.array(z.number()),
  split_conditions: z.array(z.number()),
  // bytes or truth values, by version and form
  default_left: z.array(z.union([z.number(), z.boolean()])),
  split_type: numbers,
  categories: numbers,
  categories_nodes: numbers,
  categories_segments: numbers,
  categories_sizes: numbers,
  sum_hessian: numbers,
})
const trees = z.object({ model: z.object({ trees: z.array(tree), tree_info: numbers }) })
const model = z.object({
  learner: z.object({
    feature_names: z.array(z.string()).default([]),
    gradient_booster: z.union([
      trees.extend({ name: z.literal('gbtree') }),
      z.object({ name: z.literal('dart'), gbtree: trees, weight_drop: z.array(z.number()) }),
      z.object({ name: z.literal('gblinear'), model: z.object({ weights: z.array(z.number()) }) }),
    ]),
    learner_model_param: z.object({
      base_score: z.string(),
      num_class: z.string().default('0'),
      num_target: z.string().default('1'),
      num_feature: z.string(),
    }),
    objective: z.object({ name: z.string() }),
  }),
})

/** Boosters that `save_model` wrote as JSON or UBJ, with categorical splits, missing values, dropped trees (DART) and linear ones. */
export default defineStructureReader({
  format: 'xgboost',
  title: 'XGBoost: JSON and UBJ',
  async read(folder, { description }) {
    for await (const bytes of boosterFiles(folder)) {
      try {
        const found = documentOf(bytes)
        if (found !== undefined) return structureOf(found, description)
      } catch (error) {
        if (error instanceof NoTree || error instanceof SyntaxError) return { unread: error.message }
        throw error
      }
    }
    return undefined
  },
})

function documentOf(bytes: Uint8Array): z.output<typeof model> | undefined {
  if (bytes[0] !== 0x7b) return undefined
  // JSON goes on with a quote or a space, UBJ with the length of its first key
  const found = model.safeParse(bytes[1] === 0x4c ? readUbj(bytes) : JSON.parse(new TextDecoder().decode(bytes)))
  return found.success ? found.data : undefined
}

function structureOf({ learner }: z.output<typeof model>, description: ModelDescription): ModelStructure {
  const { learner_model_param: facts, gradient_booster: booster, objective } = learner
  if (Number(facts.num_class) > 1 || Number(facts.num_target) > 1) throw new NoTree('it has several outputs')
  const link = linkOf(objective.name)
  const base = marginOf(link, Number(facts.base_score.replaceAll(/[[\]]/g, '')))
  const width = Number(facts.num_feature)
  const names =
    learner.feature_names.length > 0 ? learner.feature_names : Array.from({ length: width }, (_, i) => `f${i}`)
  const matched = matchFeatures(names, description, new Map())
  const inner = createInnerColumns(width)
  // it computes in single precision
  const encode: ModelStructure['encode'] = (columns, rows) =>
    inner.fill(rows, (column) => Float32Array.from(matched.values(columns, column)))
  if (booster.name === 'gblinear') {
    const { weights } = booster.model
    return {
      form: { kind: 'linear', intercept: base + weights[width]!, weights: weights.slice(0, width) },
      parts: matched.parts,
      encode,
      links: [link],
      covers: false,
    }
  }
  const grown = (booster.name === 'dart' ? booster.gbtree : booster).model.trees.map((one, i) =>
    treeOf(one, inner, booster.name === 'dart' ? (booster.weight_drop[i] ?? 1) : 1),
  )
  return {
    form: { kind: 'trees', ensemble: { base, trees: grown, strict: true } },
    parts: inner.parts(matched.parts),
    encode,
    links: [link],
    covers: true,
  }
}

function treeOf(one: z.output<typeof tree>, inner: InnerColumns, weight: number): Tree {
  const sets = new Map(
    one.categories_nodes.map((node, i) => {
      const from = one.categories_segments[i]!
      return [node, one.categories.slice(from, from + one.categories_sizes[i]!)]
    }),
  )
  return growTree((id) => {
    const left = one.left_children[id]
    if (left === undefined) return undefined
    const cover = one.sum_hessian[id] ?? 0
    if (left === -1) return { value: one.split_conditions[id]! * weight, cover }
    const at = { left, right: one.right_children[id]!, cover, missingLeft: Boolean(one.default_left[id]) }
    const column = one.split_indices[id]!
    if (one.split_type[id] !== 1) return { ...at, column, threshold: one.split_conditions[id]! }
    const members = sets.get(id) ?? []
    const known = new Set(members)
    // those in the set go right; what is missing stays so
    const own = inner.add(column, `in ${members.join(' ')}`, (x) =>
      Number.isNaN(x) ? x : x >= 0 && known.has(Math.trunc(x)) ? 1 : 0,
    )
    return { ...at, column: own, threshold: 0.5 }
  })
}

/** Errors: `NoTree` for an objective whose score is no function of one sum. */
function linkOf(objective: string): ScoreLink {
  if (objective === 'binary:logistic' || objective === 'reg:logistic') return 'logistic'
  if (/^(count:poisson|reg:gamma|reg:tweedie|survival:cox)$/.test(objective)) return 'exponential'
  if (
    /^(reg:(squarederror|linear|absoluteerror|pseudohubererror|quantileerror|squaredlogerror)|binary:logitraw|rank:.*)$/.test(
      objective,
    )
  )
    return 'identity'
  throw new NoTree(`its objective is ${objective}`)
}

/** The base is kept as a score. */
function marginOf(link: ScoreLink, base: number): number {
  if (link === 'logistic') return Math.log(base / (1 - base))
  return link === 'exponential' ? Math.log(base) : base
}

import { NoTree } from '../grow-tree.ts'

export type Missing = 'None' | 'Zero' | 'NaN'

/** A question of a LightGBM tree, or a leaf. `left` is "yes". */
export type BoosterNode =
  | { value: number; cover: number }
  | {
      column: number
      /** a number to compare with, or the categories that go left */
      split: number | readonly number[]
      missing: Missing
      defaultLeft: boolean
      left: number
      right: number
      cover: number
    }

export interface Booster {
  names: string[]
  objective: string
  outputs: number
  /** the mean of the trees instead of their sum */
  averaged: boolean
  /** categories of the columns of a data frame that had some, in their order */
  frameCategories: string[][]
  /** column of each list */
  categorical: number[]
  trees: { root: number; node(id: number): BoosterNode | undefined }[]
}

/** LightGBM's own text format (`save_model`). Errors: `NoTree`. */
export function readText(text: string): Booster {
  const [head = '', ...blocks] = text.split(/^Tree=\d+$/m)
  const header = fieldsOf(head)
  const names = (header.get('feature_names') ?? '').split(' ')
  const frame = /^pandas_categorical:(.*)$/m.exec(text)?.[1]
  const infos = (header.get('feature_infos') ?? '').split(' ')
  return {
    names,
    objective: header.get('objective') ?? 'regression',
    outputs: Number(header.get('num_tree_per_iteration') ?? header.get('num_class') ?? 1),
    averaged: /^average_output$/m.test(head),
    frameCategories: (frame && frame !== 'null' ? (JSON.parse(frame) as unknown[][]) : []).map((list) =>
      list.map(String),
    ),
    // categories are written as 0:1:2, ranges as [low:high]
    categorical: infos.flatMap((info, i) => (info.startsWith('[') || info === 'none' ? [] : [i])),
    trees: blocks.map((block) => treeOf(fieldsOf(block))),
  }
}

function fieldsOf(block: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    if (line === 'end of trees') break
    const at = line.indexOf('=')
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).trim())
  }
  return fields
}

function treeOf(fields: Map<string, string>): Booster['trees'][number] {
  const list = (name: string) => {
    const found = fields.get(name)
    return found ? found.split(' ').map(numberOf) : []
  }
  if (fields.get('is_linear') === '1') throw new NoTree('its leaves hold weighted sums')
  const [columns, thresholds, types] = [list('split_feature'), list('threshold'), list('decision_type')]
  const [left, right] = [list('left_child'), list('right_child')]
  const [values, counts, inside] = [list('leaf_value'), list('leaf_count'), list('internal_count')]
  const [bounds, sets] = [list('cat_boundaries'), list('cat_threshold')]
  const node = (id: number): BoosterNode | undefined => {
    if (id < 0) {
      const leaf = -1 - id
      return values[leaf] === undefined ? undefined : { value: values[leaf], cover: counts[leaf] ?? 0 }
    }
    const type = types[id]
    if (type === undefined) return undefined
    const threshold = thresholds[id]!
    return {
      column: columns[id]!,
      split: (type & 1) === 1 ? membersOf(sets.slice(bounds[threshold]!, bounds[threshold + 1]!)) : threshold,
      missing: (['None', 'Zero', 'NaN'] as const)[(type >> 2) & 3] ?? 'None',
      defaultLeft: (type & 2) === 2,
      left: left[id]!,
      right: right[id]!,
      cover: inside[id] ?? 0,
    }
  }
  return { root: columns.length === 0 ? -1 : 0, node }
}

const numberOf = (text: string) => (text.endsWith('inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text))

/** Categories as bits of 32-bit words. */
const membersOf = (words: readonly number[]): number[] =>
  words
    .flatMap((word, i) => Array.from({ length: 32 }, (_, bit) => ((word >>> bit) & 1 ? i * 32 + bit : -1)))
    .filter((x) => x >= 0)

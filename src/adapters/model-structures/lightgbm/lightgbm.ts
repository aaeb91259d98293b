import { defineStructureReader, type ModelStructure, type ScoreLink } from '../../../contracts/model-structure.ts'
import { boosterFiles } from '../booster-file.ts'
import { growTree, type NodeSpec, NoTree } from '../grow-tree.ts'
import { createInnerColumns, type InnerColumns } from '../inner-columns.ts'
import { matchFeatures } from '../match-features.ts'
import { readDump } from './read-dump.ts'
import { type Booster, type BoosterNode, readText } from './read-text.ts'

/** LightGBM takes what is nearer to zero than this for zero. */
const zero = 1e-35

/** Boosters that `save_model` or `dump_model` wrote, with categorical splits and every way to treat missing values. */
export default defineStructureReader({
  format: 'lightgbm',
  title: 'LightGBM: text and JSON',
  async read(folder, { description }) {
    for await (const bytes of boosterFiles(folder)) {
      try {
        const booster = boosterOf(bytes)
        if (booster) return structureOf(booster, description)
      } catch (error) {
        if (error instanceof NoTree || error instanceof SyntaxError) return { unread: error.message }
        throw error
      }
    }
    return undefined
  },
})

function boosterOf(bytes: Uint8Array): Booster | undefined {
  const text = new TextDecoder()
  const start = text.decode(bytes.subarray(0, 32)).trimStart()
  if (start.startsWith('tree\n')) return readText(text.decode(bytes))
  return start.startsWith('{"') ? readDump(JSON.parse(text.decode(bytes))) : undefined
}

function structureOf(booster: Booster, description: Parameters<typeof matchFeatures>[1]): ModelStructure {
  const { names, objective, outputs, averaged, trees } = booster
  if (outputs !== 1) throw new NoTree(`it has ${outputs} outputs`)
  const { link, slope } = linkOf(objective)
  const texts = booster.categorical.filter((column, i) => column >= 0 && booster.frameCategories[i])
  const matched = matchFeatures(
    names,
    description,
    new Map(texts.map((column, i) => [column, booster.frameCategories[i]!])),
  )
  const inner = createInnerColumns(names.length)
  const scale = slope / (averaged ? trees.length : 1)
  const ensemble = {
    base: 0,
    trees: trees.map(({ root, node }) => growTree((id) => specOf(node(id), inner, scale), root)),
  }
  return {
    form: { kind: 'trees', ensemble },
    parts: inner.parts(matched.parts),
    encode: (columns, rows) => inner.fill(rows, (column) => matched.values(columns, column)),
    links: [link],
    covers: true,
  }
}

function specOf(node: BoosterNode | undefined, inner: InnerColumns, scale: number): NodeSpec | undefined {
  if (!node || 'value' in node) return node && { value: node.value * scale, cover: node.cover }
  const { column, split, missing, defaultLeft, left, right, cover } = node
  if (typeof split !== 'number') {
    const members = new Set(split)
    // what is no whole number is cut off; negative and missing ones are in no set
    const own = inner.add(column, `in ${split.join(' ')}`, (x) => (x >= 0 && members.has(Math.trunc(x)) ? 0 : 1))
    return { column: own, threshold: 0.5, missingLeft: false, left, right, cover }
  }
  if (missing === 'Zero') {
    const own = inner.add(column, 'zero is missing', (x) => (Math.abs(x) <= zero ? Number.NaN : x))
    return { column: own, threshold: split, missingLeft: defaultLeft, left, right, cover }
  }
  // without a way for missing values they are taken for 0
  const missingLeft = missing === 'None' ? split >= 0 : defaultLeft
  return { column, threshold: split, missingLeft, left, right, cover }
}

/** Errors: `NoTree` for an objective whose score is no function of one sum. */
function linkOf(objective: string): { link: ScoreLink; slope: number } {
  const [name = '', ...settings] = objective.split(' ')
  const slope = Number(settings.find((one) => one.startsWith('sigmoid:'))?.slice(8) ?? 1)
  if (settings.includes('sqrt')) throw new NoTree('its score is the square of the sum')
  if (name === 'binary') return { link: 'logistic', slope }
  if (name === 'cross_entropy') return { link: 'logistic', slope: 1 }
  if (['poisson', 'gamma', 'tweedie'].includes(name)) return { link: 'exponential', slope: 1 }
  if (/^(regression|regression_l1|huber|fair|quantile|mape|lambdarank|rank_xendcg|custom)$/.test(name))
    return { link: 'identity', slope: 1 }
  throw new NoTree(`its objective is ${name}`)
}

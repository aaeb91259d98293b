import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  defineStructureReader,
  type ModelStructure,
  type ScoreLink,
  type StructureFacts,
} from '../../../contracts/model-structure.ts'
import { ProtobufDamaged } from '../../runtimes/onnx-check/protobuf-fields.ts'
import { NoTree } from '../grow-tree.ts'
import { createInnerColumns } from '../inner-columns.ts'
import { computeColumns, type GraphMatrix, NotByColumns } from './columns.ts'
import { type GraphFormula, graphFormula } from './graph-formula.ts'
import { readLinear } from './linear.ts'
import { type Graph, type GraphNode, readGraph } from './read-graph.ts'
import { type OnnxTrees, readOldEnsemble, readTreeEnsemble } from './tree-ensembles.ts'

const ensembles = new Set(['TreeEnsembleClassifier', 'TreeEnsembleRegressor', 'TreeEnsemble'])
const linears = new Set(['LinearClassifier', 'LinearRegressor', 'Gemm', 'MatMul'])

/** ONNX graphs with one ensemble of trees or one weighted sum behind operators that keep columns apart. */
export default defineStructureReader({
  format: 'onnx',
  title: 'ONNX: trees and weighted sums behind scalers, encoders and imputers',
  async read(folder, facts) {
    const bytes = await readFile(join(folder, 'model.onnx')).catch(() => undefined)
    if (!bytes) return undefined
    try {
      return structureOf(readGraph(bytes), facts)
    } catch (error) {
      if (error instanceof NotByColumns || error instanceof NoTree || error instanceof ProtobufDamaged)
        return { unread: error.message }
      // a graph that is nested without end
      if (error instanceof RangeError) return { unread: 'its graph is too deep' }
      throw error
    }
  },
})

function structureOf(graph: Graph, { description, inputs }: StructureFacts): ModelStructure | { unread: string } {
  const found = graph.nodes.filter((node) => ensembles.has(node.operator))
  const sums = found.length > 0 ? found : graph.nodes.filter((node) => linears.has(node.operator))
  if (sums.length === 0) return { unread: 'its graph holds no ensemble of trees and no weighted sum' }
  if (sums.length > 1)
    return { unread: `its graph holds ${sums.length} ${found.length > 0 ? 'ensembles of trees' : 'weighted sums'}` }
  const node = sums[0]!
  const formula = graphFormula(graph, description, inputs)
  const matrix = formula.matrix(node.inputs[0]!)
  return found.length > 0 ? treeStructure(node, formula, matrix) : linearStructure(node, graph, formula, matrix)
}

function treeStructure(node: GraphNode, formula: GraphFormula, matrix: GraphMatrix): ModelStructure {
  const inner = createInnerColumns(matrix.columns.length)
  const read = node.operator === 'TreeEnsemble' ? readTreeEnsemble : readOldEnsemble
  const { base, trees, covers, postTransform } = read(node, inner, matrix.single)
  const used = new Set(trees.flatMap((tree) => [...tree.feature]))
  const parts = inner.parts(partsOf(matrix))
  for (const column of used)
    if (column >= parts.length) throw new NotByColumns('its trees ask for a column that is not there')
    else if (column >= 0 && parts[column] === several)
      throw new NotByColumns('a column that its trees ask for is made of several features')
  return {
    form: { kind: 'trees', ensemble: { base, trees } },
    parts: parts.map((part) => Math.max(0, part)),
    encode: encoder(formula, matrix, (rows, value) => inner.fill(rows, value)),
    links: linksOf(postTransform),
    covers,
  }
}

function linearStructure(node: GraphNode, graph: Graph, formula: GraphFormula, matrix: GraphMatrix): ModelStructure {
  const { intercept, weights, links } = readLinear(node, graph, formula)
  if (weights.length !== matrix.columns.length) throw new NotByColumns('it has not one weight for each column')
  const parts = Int32Array.from(partsOf(matrix))
  parts.forEach((part, column) => {
    if (part === several && weights[column] !== 0)
      throw new NotByColumns('a column of its weighted sum is made of several features')
  })
  return {
    form: { kind: 'linear', intercept, weights },
    parts: parts.map((part) => Math.max(0, part)),
    encode: encoder(formula, matrix, (rows, value) => {
      const columns = matrix.columns.map((_, column) => value(column))
      return Array.from({ length: rows }, (_, row) => Float64Array.from(columns, (values) => values[row]!))
    }),
    links,
    covers: false,
  }
}

const several = -2

/** The feature that each column is made of; a constant is nobody's (−1). */
const partsOf = ({ columns }: GraphMatrix): number[] =>
  columns.map(({ features }) => (features.length > 1 ? several : (features[0] ?? -1)))

function encoder(
  formula: GraphFormula,
  matrix: GraphMatrix,
  fill: (rows: number, value: (column: number) => ArrayLike<number>) => Float64Array[],
): ModelStructure['encode'] {
  return (columns, rows) => {
    formula.feed(columns)
    const values = computeColumns(matrix.columns, rows)
    return fill(rows, (column) => values[column] as Float64Array)
  }
}

/** What follows the ensemble in the graph may be a link too: the scores decide. */
const linksOf = (postTransform: OnnxTrees['postTransform']): ScoreLink[] =>
  postTransform === 'LOGISTIC' || postTransform === 'SOFTMAX'
    ? ['logistic', 'identity']
    : ['identity', 'logistic', 'exponential']

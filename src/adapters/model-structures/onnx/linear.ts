import type { ScoreLink } from '../../../contracts/model-structure.ts'
import { NotByColumns } from './columns.ts'
import type { GraphFormula } from './graph-formula.ts'
import type { Graph, GraphNode } from './read-graph.ts'

export interface LinearForm {
  intercept: number
  weights: number[]
  links: ScoreLink[]
}

/** The weighted sum of a graph, for one output. Errors: `NotByColumns`. */
export function readLinear(node: GraphNode, graph: Graph, formula: GraphFormula): LinearForm {
  if (node.operator === 'Gemm' || node.operator === 'MatMul') return readProduct(node, graph, formula)
  const coefficients = [...(node.attributes.get('coefficients')?.numbers ?? [])]
  const intercepts = node.attributes.get('intercepts')?.numbers ?? new Float64Array(1)
  const transform = node.attributes.get('post_transform')?.text ?? 'NONE'
  if (node.operator === 'LinearRegressor') {
    if ((node.attributes.get('targets')?.number ?? 1) > 1) throw new NotByColumns('it has several outputs')
    return { weights: coefficients, intercept: intercepts[0] ?? 0, links: ['identity', 'exponential'] }
  }
  const classes = intercepts.length
  if (classes > 2) throw new NotByColumns(`it has ${classes} outputs`)
  const width = coefficients.length / classes
  const [first, last] = [coefficients.slice(0, width), coefficients.slice((classes - 1) * width)]
  // softmax of two sums is the logistic function of their difference
  if (transform === 'SOFTMAX' && classes === 2)
    return {
      weights: last.map((w, j) => w - first[j]!),
      intercept: intercepts[1]! - intercepts[0]!,
      links: ['logistic'],
    }
  return { weights: last, intercept: intercepts[classes - 1]!, links: ['logistic', 'identity'] }
}

/** A matrix product with a constant of one column, and the constant that is added behind it. */
function readProduct(node: GraphNode, graph: Graph, formula: GraphFormula): LinearForm {
  const matrix = formula.constant(node.inputs[1] ?? '')
  if (!matrix) throw new NotByColumns('its matrix product is not with a constant')
  const attribute = (name: string, otherwise: number) => node.attributes.get(name)?.number ?? otherwise
  const outputs = (attribute('transB', 0) === 1 ? matrix.dims[0] : matrix.dims[1]) ?? 1
  if (outputs !== 1) throw new NotByColumns(`its matrix product has ${outputs} columns`)
  const added =
    node.inputs[2] ??
    graph.nodes
      .find((next) => next.operator === 'Add' && next.inputs.includes(node.outputs[0]!))
      ?.inputs.find((input) => formula.constant(input))
  const constant = added === undefined ? undefined : formula.constant(added)
  return {
    weights: [...matrix.numbers].map((w) => w * attribute('alpha', 1)),
    intercept: (constant?.numbers[0] ?? 0) * attribute('beta', 1),
    links: ['identity', 'logistic', 'exponential'],
  }
}

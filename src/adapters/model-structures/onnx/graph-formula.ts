import type { ModelDescription, TensorSpec } from '../../../contracts/model-runtime.ts'
import { featureColumns, type GraphMatrix, NotByColumns } from './columns.ts'
import { operators } from './operators.ts'
import type { Constant, Graph, GraphNode } from './read-graph.ts'

/** What a graph computes, by names, as columns made of features. */
export interface GraphFormula {
  /** Errors: `NotByColumns`. */
  matrix(name: string): GraphMatrix
  /** a constant by its name; undefined for what is computed */
  constant(name: string): Constant | undefined
  feed: ReturnType<typeof featureColumns>['feed']
}

/** Follows a graph backwards from what is asked for. How columns are fed: `runtimes/onnx-columns.ts`. */
export function graphFormula(graph: Graph, description: ModelDescription, inputs: readonly TensorSpec[]): GraphFormula {
  const { features } = description
  const [only] = inputs
  const inputOf = (name: string) =>
    inputs.find((input) => input.name === name) ?? (inputs.length === 1 ? only : undefined)
  const { columns, feed } = featureColumns(
    features.map(({ name, type }) => {
      const datatype = inputOf(name)?.datatype
      return {
        category: type === 'category',
        single: datatype === 'FP32',
        whole: datatype === 'INT64' || datatype === 'INT32' || datatype === 'BOOL',
      }
    }),
  )
  const maker = new Map<string, GraphNode>()
  for (const node of graph.nodes) for (const output of node.outputs) maker.set(output, node)
  const known = new Map<string, GraphMatrix>()

  const constant = (name: string): Constant | undefined => {
    const node = maker.get(name)
    return (
      graph.constants.get(name) ?? (node?.operator === 'Constant' ? node.attributes.get('value')?.tensor : undefined)
    )
  }

  function fromInput(spec: TensorSpec): GraphMatrix {
    const single = spec.datatype === 'FP32'
    if (inputs.length === 1) return { single, columns }
    const own = features.flatMap(({ name }, i) => (name === spec.name ? [columns[i]!] : []))
    return { single, columns: own }
  }

  function matrix(name: string): GraphMatrix {
    let found = known.get(name)
    if (!found) {
      found = compute(name)
      known.set(name, found)
    }
    return found
  }

  function compute(name: string): GraphMatrix {
    const spec = inputs.find((input) => input.name === name)
    if (spec) return fromInput(spec)
    const node = maker.get(name)
    if (!node) throw new NotByColumns(`nothing makes ${name}`)
    const operator = operators[node.operator]
    if (!operator) throw new NotByColumns(`${node.operator} mixes what is in a row, or is not known`)
    return operator(
      node,
      node.inputs.filter((input) => input !== '').map((input) => constant(input) ?? matrix(input)),
    )
  }

  return { matrix, constant, feed }
}

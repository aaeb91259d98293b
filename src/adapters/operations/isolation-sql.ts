import { type IsolationForest, meanPathLength } from '../../statistics/isolation-forest.ts'

/** SQL of the score that a forest gives to a row; `values` in the order of its features, as Float64. */
export function isolationSql({ trees, sample }: IsolationForest, values: readonly string[]): string {
  const tree = (nodes: IsolationForest['trees'][number], at: number, depth: number): string => {
    const node = nodes[at]!
    if (node.feature < 0) return `toFloat32(${(depth + meanPathLength(node.rows)).toFixed(4)})`
    return `if(${values[node.feature]} <= ${node.threshold}, ${tree(nodes, node.left, depth + 1)}, ${tree(nodes, node.right, depth + 1)})`
  }
  const paths = trees.map((nodes) => tree(nodes, 0, 0)).join(' + ')
  return `pow(2, -(${paths}) / ${trees.length * meanPathLength(sample)})`
}

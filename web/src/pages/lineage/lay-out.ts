import { Graph, layout } from '@dagrejs/dagre'

export const thingSize = { width: 172, height: 46 }

/** Places things left to right, sources first; the upper left corner of each. */
export function layOut(
  things: string[],
  edges: { thing: string; source: string }[],
): Map<string, { x: number; y: number }> {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 90 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const thing of things) graph.setNode(thing, { ...thingSize })
  for (const { thing, source } of edges) graph.setEdge(source, thing)
  layout(graph)
  return new Map(
    things.map((thing) => {
      const { x, y } = graph.node(thing) as { x: number; y: number }
      return [thing, { x: x - thingSize.width / 2, y: y - thingSize.height / 2 }]
    }),
  )
}

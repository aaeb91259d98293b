import { Graph, layout } from '@dagrejs/dagre'

export const thingSize = { width: 164, height: 44 }

/** Places things left to right, sources first: the upper left corner of each, and the size of the whole. */
export function layOut(
  things: string[],
  edges: { thing: string; source: string }[],
): { places: Map<string, { x: number; y: number }>; width: number; height: number } {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 16, ranksep: 46 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const thing of things) graph.setNode(thing, { ...thingSize })
  for (const { thing, source } of edges) graph.setEdge(source, thing)
  layout(graph)
  const places = new Map(
    things.map((thing) => {
      const { x, y } = graph.node(thing) as { x: number; y: number }
      return [thing, { x: x - thingSize.width / 2, y: y - thingSize.height / 2 }]
    }),
  )
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  return { places, width, height }
}

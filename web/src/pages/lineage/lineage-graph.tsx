import '@xyflow/react/dist/base.css'
import { useComputedColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { lineageQuery } from '../../api/journal.ts'
import type { LineageGraph as Lineage } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { splitSubject, subjectHref } from '../../components/subject-link.tsx'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { layOut, thingSize } from './lay-out.ts'
import classes from './lineage.module.css'

type ThingNode = Node<{ subject: string; asked: boolean; href: string | undefined }, 'thing'>

/** of the frame, in pixels */
const smallest = 170
/** zoom below which the words of a thing cannot be read */
const readable = 0.65

const nodeTypes = { thing: Thing }

/** A thing's ancestors and descendants as a graph, sources left. `within`: at most so many steps away. */
export default function LineageGraph({
  kind,
  id,
  height,
  within,
}: {
  kind: string
  id: string
  height: number
  within?: number
}) {
  const project = useProject()
  const lineage = useQuery(lineageQuery(project, kind, id))
  return (
    <div className={classes.frame}>
      <Load query={lineage}>
        {(graph) =>
          graph.edges.length === 0 ? (
            <Empty title="Nothing is known of its lineage" icon="graph">
              Lineage is written when a pipeline, a gate or a release uses a thing.
            </Empty>
          ) : (
            <Graph graph={graph} asked={`${kind}/${id}`} within={within} height={height} />
          )
        }
      </Load>
    </div>
  )
}

function Graph({
  graph,
  asked,
  within,
  height,
}: {
  graph: Lineage
  asked: string
  within: number | undefined
  height: number
}) {
  const to = useProjectPath()
  const scheme = useComputedColorScheme('light')
  // biome-ignore lint/correctness/useExhaustiveDependencies: paths depend on the project alone
  const { nodes, edges, width, natural } = useMemo(() => {
    const things = graph.things
      .filter(({ distance }) => Math.abs(distance) <= (within ?? Number.POSITIVE_INFINITY))
      .map(({ subject }) => subject)
    const shown = new Set(things)
    const lines = graph.edges.filter(({ thing, source }) => shown.has(thing) && shown.has(source))
    const { places, width, height: natural } = layOut(things, lines)
    return {
      width,
      natural,
      nodes: things.map(
        (subject): ThingNode => ({
          id: subject,
          type: 'thing',
          position: places.get(subject)!,
          data: { subject, asked: subject === asked, href: subjectHref(to, subject) },
          width: thingSize.width,
          height: thingSize.height,
        }),
      ),
      edges: lines.map(
        ({ thing, source, relation }): Edge => ({
          id: `${source} ${relation} ${thing}`,
          source,
          target: thing,
          label: `${splitSubject(thing).kind.replaceAll('_', ' ')} ${relation}`,
          markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 },
        }),
      ),
    }
  }, [graph, asked, within])
  return (
    <div style={{ height: Math.min(height, Math.max(smallest, natural + 70)) }}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        colorMode={scheme}
        minZoom={0.2}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        preventScrolling={false}
        zoomOnScroll={false}
        proOptions={{ hideAttribution: true }}
        onInit={(flow) => {
          void flow.fitView({ padding: 0.05, maxZoom: 1 })
          const place = nodes.find(({ id }) => id === asked)?.position
          // too wide to read as a whole: begin at the thing that was asked for
          if (place && flow.getZoom() < readable && width > 0)
            void flow.setCenter(place.x + thingSize.width / 2, place.y + thingSize.height / 2, { zoom: 0.85 })
        }}
      >
        <Background gap={24} color="var(--line)" />
        <Controls showInteractive={false} position="bottom-right" />
      </ReactFlow>
    </div>
  )
}

function Thing({ data }: NodeProps<ThingNode>) {
  const { kind, name } = splitSubject(data.subject)
  const text = kind === 'run' ? name.slice(0, 8) : name
  return (
    <div className={classes.thing} data-kind={kind} data-asked={data.asked || undefined} title={data.subject}>
      <Handle type="target" position={Position.Left} />
      <small>{kind.replaceAll('_', ' ')}</small>
      {data.href ? <Link href={data.href}>{text}</Link> : <span>{text}</span>}
      <Handle type="source" position={Position.Right} />
    </div>
  )
}

import '@xyflow/react/dist/base.css'
import { useComputedColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Background, Controls, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from '@xyflow/react'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { lineageQuery } from '../../api/journal.ts'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { splitSubject, subjectHref } from '../../components/subject-link.tsx'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { layOut } from './lay-out.ts'
import classes from './lineage.module.css'

type ThingNode = Node<{ subject: string; asked: boolean; href: string | undefined }, 'thing'>

const nodeTypes = { thing: Thing }

/** A thing's ancestors and descendants as a graph, sources left. */
export default function LineageGraph({ kind, id, height }: { kind: string; id: string; height: number }) {
  const project = useProject()
  const lineage = useQuery(lineageQuery(project, kind, id))
  return (
    <div style={{ height }} className={classes.frame}>
      <Load query={lineage}>
        {(graph) =>
          graph.edges.length === 0 ? (
            <Empty title="Nothing is known of its lineage" icon="graph">
              Lineage is written when a pipeline, a gate or a release uses a thing.
            </Empty>
          ) : (
            <Graph things={graph.things.map(({ subject }) => subject)} edges={graph.edges} asked={`${kind}/${id}`} />
          )
        }
      </Load>
    </div>
  )
}

function Graph({
  things,
  edges,
  asked,
}: {
  things: string[]
  edges: { thing: string; source: string; relation: string }[]
  asked: string
}) {
  const to = useProjectPath()
  const scheme = useComputedColorScheme('light')
  // biome-ignore lint/correctness/useExhaustiveDependencies: paths depend on the project alone
  const laid = useMemo(() => {
    const places = layOut(things, edges)
    const nodes: ThingNode[] = things.map((subject) => ({
      id: subject,
      type: 'thing',
      position: places.get(subject)!,
      data: { subject, asked: subject === asked, href: subjectHref(to, subject) },
    }))
    const lines: Edge[] = edges.map(({ thing, source, relation }) => ({
      id: `${source} ${relation} ${thing}`,
      source,
      target: thing,
      label: relation,
    }))
    return { nodes, lines }
  }, [things, edges, asked])
  return (
    <ReactFlow
      nodes={laid.nodes}
      edges={laid.lines}
      nodeTypes={nodeTypes}
      colorMode={scheme}
      fitView
      fitViewOptions={{ padding: 0.12, maxZoom: 1 }}
      minZoom={0.15}
      nodesDraggable={false}
      nodesConnectable={false}
      preventScrolling={false}
      zoomOnScroll={false}
      proOptions={{ hideAttribution: true }}
    >
      <Background gap={24} color="var(--line)" />
      <Controls showInteractive={false} />
    </ReactFlow>
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

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Link } from 'wouter'
import { datasetsQuery } from '../../api/data.ts'
import { lineageQuery } from '../../api/journal.ts'
import { pipelinesQuery } from '../../api/pipelines.ts'
import type { Dataset, Pipeline } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { SubjectLink, splitSubject } from '../../components/subject-link.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { pipelineInputs } from './pipeline-inputs.ts'

const LineageGraph = lazy(() => import('../lineage/lineage-graph.tsx'))

interface Consumer {
  subject: string
  how: string
}

/** Who reads the dataset: by declaration, and what has come of its latest version. */
export function DatasetConsumers({ dataset, latest }: { dataset: Dataset; latest: number | undefined }) {
  const project = useProject()
  const to = useProjectPath()
  const pipelines = useQuery(pipelinesQuery(project))
  const datasets = useQuery(datasetsQuery(project))
  const id = `${dataset.name}@${latest ?? 0}`
  const lineage = useQuery({ ...lineageQuery(project, 'dataset_version', id), enabled: latest !== undefined })
  const come = (lineage.data?.things ?? []).filter(
    ({ subject, distance }) => distance > 0 && splitSubject(subject).kind !== 'dataset_version',
  )
  return (
    <>
      <Panel title="Read by" flush>
        <Load query={pipelines}>
          {({ items }) => {
            const consumers: Consumer[] = [
              ...items.flatMap((one) => stepsReading(one, dataset.name)),
              ...(datasets.data?.items ?? []).flatMap((one) => readingDatasets(one, dataset.name)),
              ...come.map(({ subject }) => ({ subject, how: `made with version ${latest}` })),
            ]
            return consumers.length === 0 ? (
              <Empty title="Nobody reads it yet" compact>
                A pipeline reads it when a step names it under <code>inputs</code>; another dataset when a step joins
                it.
              </Empty>
            ) : (
              <Table rows={consumers} columns={columns} rowKey={(one) => `${one.subject} ${one.how}`} />
            )
          }}
        </Load>
      </Panel>
      {latest !== undefined && (
        <Panel
          flush
          title={`Lineage of version ${latest}`}
          actions={<Link href={to('lineage', 'dataset_version', id)}>The whole graph</Link>}
        >
          <Suspense fallback={null}>
            <LineageGraph kind="dataset_version" id={id} height={360} />
          </Suspense>
        </Panel>
      )}
    </>
  )
}

const columns: Column<Consumer>[] = [
  { key: 'subject', head: 'Consumer', cell: (one) => <SubjectLink subject={one.subject} /> },
  { key: 'how', head: 'How', cell: (one) => one.how },
]

const stepsReading = (pipeline: Pipeline, dataset: string): Consumer[] =>
  pipelineInputs(pipeline)
    .filter((input) => input.dataset === dataset)
    .map(({ step }) => ({ subject: `pipeline/${pipeline.name}`, how: `input of the step ${step}` }))

/** Steps and expectations of another dataset that name this one. */
function readingDatasets({ name, spec }: Dataset, dataset: string): Consumer[] {
  if (name === dataset) return []
  const kindsOf = (list: unknown) =>
    (Array.isArray(list) ? (list as Record<string, unknown>[]) : []).flatMap((step) =>
      Object.entries(step).flatMap(([kind, config]) => {
        const named = config as { with?: unknown; dataset?: unknown } | string
        const other = typeof named === 'string' ? named : (named?.with ?? named?.dataset)
        return other === dataset && /^(join|union|foreign_key|same_row_count)$/.test(kind) ? [kind] : []
      }),
    )
  return [...kindsOf(spec.curate), ...kindsOf(spec.expect)].map((kind) => ({
    subject: `dataset/${name}`,
    how: `its ${kind.replaceAll('_', ' ')}`,
  }))
}

import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { monitoringQuery, predictionsQuery } from '../../api/monitoring.ts'
import type { PredictionRow } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { type VirtualColumn, VirtualTable } from '../../components/virtual-table.tsx'
import { measure } from '../../format/number.ts'
import { dateTime } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { SegmentChoice } from '../monitoring/segment-choice.tsx'

/** of so many a page is shown */
const most = 300

/** Recorded predictions, newest event time first, with the actual where it is known. */
export function Predictions({ endpoint }: { endpoint: string }) {
  const project = useProject()
  const to = useProjectPath()
  const [id, setId] = useQueryState('id')
  const [segment] = useQueryState('segment')
  const overview = useQuery(monitoringQuery(project, endpoint))
  const predictions = useQuery(
    predictionsQuery(project, endpoint, {
      limit: most,
      ...(id ? { id } : {}),
      ...(segment ? { segment } : {}),
    }),
  )
  return (
    <Panel
      filter={<FilterField value={id} onChange={setId} placeholder="Id of a prediction" />}
      note={`newest ${most}, by event time`}
      actions={overview.data?.firstPrediction != null && <SegmentChoice overview={overview.data} />}
      flush
    >
      <Load query={predictions}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              title={
                id
                  ? 'No prediction has this id'
                  : segment
                    ? 'No prediction is of this segment'
                    : 'No prediction recorded yet'
              }
              compact
            >
              {id
                ? 'Ids are matched whole.'
                : segment
                  ? 'Choose another segment, or all rows.'
                  : 'They appear here some seconds after they were made or logged.'}
            </Empty>
          ) : (
            <VirtualTable
              label="Predictions"
              rows={items}
              columns={columns(
                items,
                (one) => `${to('endpoints', endpoint, 'explanations')}?tab=prediction&id=${encodeURIComponent(one)}`,
              )}
              rowKey={(row) => `${row.id} ${row.revision}`}
              minWidth={760 + Object.keys(items[0]!.features).length * 110}
            />
          )
        }
      </Load>
    </Panel>
  )
}

const columns = (items: PredictionRow[], explainedAt: (id: string) => string): VirtualColumn<PredictionRow>[] => [
  {
    key: 'id',
    head: 'Id',
    width: 'minmax(120px, 1fr)',
    cell: (row) => (
      <Link href={explainedAt(row.id)} title={`Explain ${row.id}`}>
        {row.id}
      </Link>
    ),
  },
  { key: 'time', head: 'Event time', width: '168px', cell: (row) => dateTime(row.time) },
  {
    key: 'revision',
    head: 'Revision',
    width: '110px',
    cell: (row) => (
      <>
        {row.revision} {row.shadow && <StateBadge state="shadow" />}
      </>
    ),
  },
  { key: 'score', head: 'Score', width: '84px', right: true, cell: (row) => measure(row.score, 3) },
  { key: 'label', head: 'Label', width: '80px', cell: (row) => row.label },
  {
    key: 'actual',
    head: 'Actual',
    width: '80px',
    cell: (row) =>
      row.actualLabel ?? (row.actual === null ? <span className="muted">not yet</span> : measure(row.actual)),
  },
  {
    key: 'latency',
    head: 'Latency',
    width: '80px',
    right: true,
    cell: (row) => (row.latencyMs ? `${measure(row.latencyMs, 2)} ms` : '–'),
  },
  ...Object.keys(items[0]!.features).map((name) => ({
    key: `feature ${name}`,
    head: name,
    width: '110px',
    cell: (row: PredictionRow) => {
      const value = row.features[name]
      return typeof value === 'number' ? measure(value) : (value ?? '–')
    },
  })),
]

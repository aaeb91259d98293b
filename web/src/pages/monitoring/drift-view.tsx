import { useQuery } from '@tanstack/react-query'
import { monitorCatalogueQuery } from '../../api/monitoring.ts'
import { heatMapQuery } from '../../api/monitoring-views.ts'
import type { MonitoringOverview } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'
import { DistributionView } from './distribution-view.tsx'
import { MonitorMap } from './monitor-map.tsx'
import { sampledNote } from './segment-choice.tsx'
import { ViewControls } from './view-controls.tsx'
import { useViewQuestion } from './view-question.ts'

/** Feature × window: how far each is from the reference. A cell opens its distribution below. */
export function DriftView({ endpoint, overview }: { endpoint: string; overview: MonitoringOverview }) {
  const project = useProject()
  const [filter, setFilter] = useQueryState('filter')
  const [metric, setMetric] = useQueryState('distance')
  const [feature, setFeature] = useQueryState('feature')
  const [end, setEnd] = useQueryState('window')
  const [, setBar] = useQueryState('bar')
  const { question } = useViewQuestion(overview)
  const found = useQuery(heatMapQuery(project, endpoint, { ...question, family: 'drift', metric: metric || undefined }))
  const metrics = useQuery(monitorCatalogueQuery()).data?.driftMetrics ?? []
  return (
    <>
      <ViewControls overview={overview} compare segments>
        <Select
          label="Distance"
          value={metric}
          onChange={setMetric}
          options={[
            { value: '', text: 'as the monitors' },
            ...metrics.map(({ name, title }) => ({ value: name, text: title })),
          ]}
        />
      </ViewControls>
      <Load query={found}>
        {(map) => (
          <Panel
            title="Distance from the reference"
            note={
              map.rows.length > 0 &&
              `${count(map.rows.length)} features × ${count(map.windows.length)} windows of ${map.definition.window}; reference ${map.definition.reference ?? 'none yet'}${sampledNote(map.definition.segment)}`
            }
            actions={<FilterField value={filter} onChange={setFilter} placeholder="Filter features" />}
          >
            {map.rows.length === 0 ? (
              <Empty title="No window in this stretch" compact>
                A window is measured when its days have predictions and there is something to hold it against. Choose a
                longer stretch, or another reference.
              </Empty>
            ) : (
              <MonitorMap
                map={map}
                label="Drift by feature and window"
                filter={filter}
                selected={feature ? { feature, end: Number(end) } : undefined}
                onPick={(row, window) => {
                  setFeature(row.feature)
                  setEnd(String(window.end))
                  setBar('')
                }}
              />
            )}
          </Panel>
        )}
      </Load>
      {feature && <DistributionView endpoint={endpoint} feature={feature} question={question} />}
    </>
  )
}

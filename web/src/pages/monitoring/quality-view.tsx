import { useQuery } from '@tanstack/react-query'
import { heatMapQuery } from '../../api/monitoring-views.ts'
import type { MonitoringOverview, ScoreRow } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'
import { MonitorMap } from './monitor-map.tsx'
import { featureName } from './score-cell.tsx'
import { ScoreTable } from './score-table.tsx'
import { ViewControls } from './view-controls.tsx'
import { useViewQuestion } from './view-question.ts'

const named = (row: ScoreRow) => [featureName(row.feature), row.title.toLowerCase()].filter(Boolean).join(' · ')

/** Every check of every feature over time; a cell opens its history below. */
export function QualityView({ endpoint, overview }: { endpoint: string; overview: MonitoringOverview }) {
  const project = useProject()
  const [filter, setFilter] = useQueryState('filter')
  const [, choose] = useQueryState('score')
  const { question } = useViewQuestion(overview)
  const found = useQuery(heatMapQuery(project, endpoint, { ...question, family: 'quality' }))
  return (
    <>
      <ViewControls overview={overview} />
      <Load query={found}>
        {(map) => (
          <Panel
            title="Checks of the inputs"
            note={
              map.rows.length > 0 &&
              `${count(map.rows.length)} checks × ${count(map.windows.length)} windows; the worst on top`
            }
            actions={<FilterField value={filter} onChange={setFilter} placeholder="Filter features and checks" />}
          >
            {map.rows.length === 0 ? (
              <Empty title="No window in this stretch" compact>
                Checks begin with the first window of predictions. Choose a longer stretch.
              </Empty>
            ) : (
              <MonitorMap
                map={map}
                label="Quality by check and window"
                filter={filter}
                named={named}
                onPick={(row) => choose(`${row.monitor} ${row.feature} ${row.segment}`)}
              />
            )}
          </Panel>
        )}
      </Load>
      <ScoreTable endpoint={endpoint} family="quality" />
    </>
  )
}

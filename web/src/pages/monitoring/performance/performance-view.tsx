import { useQuery } from '@tanstack/react-query'
import { performanceCurvesQuery } from '../../../api/monitoring-views.ts'
import type { Alert, MonitoringOverview, PerformanceCurves } from '../../../api/types.ts'
import { Empty } from '../../../components/empty.tsx'
import { Load } from '../../../components/load.tsx'
import { Panel } from '../../../components/panel.tsx'
import { useProject } from '../../../shell/project-context.tsx'
import { ViewControls } from '../view-controls.tsx'
import { useViewQuestion } from '../view-question.ts'
import { ByClass } from './by-class.tsx'
import { ByThreshold } from './by-threshold.tsx'
import { OverTime } from './over-time.tsx'
import { Residuals } from './residuals.tsx'
import { SegmentOverTime } from './segment-over-time.tsx'

/** How well the model did over time, realised and estimated, and what its errors are like in the whole stretch. */
export function PerformanceView({
  endpoint,
  overview,
  alerts,
}: {
  endpoint: string
  overview: MonitoringOverview
  alerts: Alert[]
}) {
  const { question, stretch, segment } = useViewQuestion(overview)
  const curves = useQuery(
    performanceCurvesQuery(useProject(), endpoint, { ...stretch, ...(segment ? { segment } : {}) }),
  )
  return (
    <>
      <ViewControls overview={overview} segments />
      {segment ? (
        <SegmentOverTime endpoint={endpoint} question={question} segment={segment} />
      ) : (
        <OverTime
          endpoint={endpoint}
          alerts={alerts}
          actuals={overview.lastActual !== null}
          revision={stretch.revision}
          from={stretch.from}
        />
      )}
      <Load query={curves}>{(found) => <Errors endpoint={endpoint} curves={found} />}</Load>
    </>
  )
}

function Errors({ endpoint, curves }: { endpoint: string; curves: PerformanceCurves }) {
  if (curves.thresholds && curves.operating)
    return (
      <ByThreshold endpoint={endpoint} curves={curves} thresholds={curves.thresholds} operating={curves.operating} />
    )
  if (curves.confusion && curves.classes) return <ByClass endpoint={endpoint} curves={curves} />
  if (curves.residuals) return <Residuals endpoint={endpoint} curves={curves} residuals={curves.residuals} />
  return (
    <Panel title="Errors">
      <Empty title="Too few actuals in this stretch" compact>
        {curves.task === 'regression'
          ? 'Residuals need 30 predictions with their actual.'
          : 'Curves by threshold need predictions of both outcomes with their actual.'}{' '}
        Choose a longer stretch or other rows.
      </Empty>
    </Panel>
  )
}

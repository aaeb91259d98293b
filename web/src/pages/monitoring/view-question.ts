import type { ViewQuestion } from '../../api/monitoring-views.ts'
import type { MonitoringOverview } from '../../api/types.ts'
import { useQueryState } from '../../components/use-query-state.ts'

const day = 86_400_000

/** The stretch and the windows that a page asks for, all in its address: `span`, `of`, `against…`, `revision`. */
export function useViewQuestion(overview: MonitoringOverview) {
  const [span] = useQueryState('span', '90')
  const [of] = useQueryState('of')
  const [against] = useQueryState('against')
  const [againstRevision] = useQueryState('against_revision')
  const [againstFrom] = useQueryState('against_from')
  const [againstTo] = useQueryState('against_to')
  const [wanted] = useQueryState('revision')
  const [segment] = useQueryState('segment')
  const answering = answeringRevision(overview)
  const revision = wanted === '' ? answering : Number(wanted)
  const to = overview.lastPrediction === null ? undefined : Math.ceil((overview.lastPrediction + 1) / day) * day
  // a window is as old as its end: one day more, so that a stretch of so many days has so many ends
  const from = span === 'all' || to === undefined ? undefined : Math.max(0, to - Number(span) * day)
  const windows: ViewQuestion = {
    revision,
    ...(of ? { window: of } : {}),
    ...(against ? { against } : {}),
    ...(against === 'revision' || against === 'stretch'
      ? { against_revision: againstRevision === '' ? revision : Number(againstRevision) }
      : {}),
    ...(against === 'stretch' && againstFrom ? { against_from: Date.parse(againstFrom) } : {}),
    ...(against === 'stretch' && againstTo ? { against_to: Date.parse(againstTo) + day } : {}),
  }
  const first = overview.firstPrediction === null ? 0 : Math.floor(overview.firstPrediction / day) * day
  return {
    segment,
    question: { ...windows, from: from ?? first, to, ...(segment ? { segment } : {}) },
    stretch: { revision, from: Math.max(first, from ?? 0), to: to ?? 0 },
  }
}

/** The newest revision that answered callers. */
export const answeringRevision = ({ revisions }: MonitoringOverview): number =>
  Math.max(
    0,
    ...(revisions.some(({ live }) => live > 0) ? revisions.filter(({ live }) => live > 0) : revisions).map(
      ({ revision }) => revision,
    ),
  )

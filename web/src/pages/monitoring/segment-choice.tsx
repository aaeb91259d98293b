import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { worstSegmentsQuery } from '../../api/monitoring-views.ts'
import type { MonitoringOverview } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { segmentText } from '../../format/segment.ts'
import { useProject } from '../../shell/project-context.tsx'
import { useViewQuestion } from './view-question.ts'

/** after what the page shows, which is what people wait for; milliseconds */
const later = 1500

/** All rows, a segment that is kept, or one that a search found to be worse. */
export function SegmentChoice({ overview }: { overview: MonitoringOverview }) {
  const [chosen, choose] = useQueryState('segment')
  const { stretch } = useViewQuestion(overview)
  const [soon, setSoon] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSoon(true), later)
    return () => clearTimeout(timer)
  }, [])
  const { data } = useQuery({ ...worstSegmentsQuery(useProject(), overview.endpoint, stretch), enabled: soon })
  const segments = data?.segments ?? []
  const named = (origin: 'declared' | 'found') =>
    segments
      .filter((one) => one.origin === origin)
      .map(({ segment, significant }) => ({
        value: segment,
        text: `${segmentText(segment)}${significant ? ' (worse)' : ''}`,
      }))
  const known = segments.some(({ segment }) => segment === chosen)
  return (
    <Select
      label="Segment"
      value={chosen}
      onChange={choose}
      options={[
        { value: '', text: 'all rows' },
        ...(chosen && !known ? [{ value: chosen, text: segmentText(chosen) }] : []),
        ...named('declared'),
        ...named('found'),
      ]}
    />
  )
}

/** What is said where a segment's rows are those of the samples. */
export const sampledNote = (segment: string) =>
  segment ? `; of ${segmentText(segment)}, from a sample of at most 200 rows an hour` : ''

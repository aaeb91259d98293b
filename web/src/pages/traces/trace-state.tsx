import type { TraceSummary } from '../../api/types.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { duration } from '../../format/time.ts'

const looks = { OK: 'ok', ERROR: 'failed', IN_PROGRESS: 'running', STATE_UNSPECIFIED: 'unknown' } as const

export const TraceState = ({ state }: { state: TraceSummary['state'] }) => (
  <StateBadge
    state={looks[state]}
    text={state === 'STATE_UNSPECIFIED' ? 'unknown' : state.toLowerCase().replace('_', ' ')}
  />
)

/** How long a trace took, once it has ended. */
export const traceDuration = ({ state, duration: took }: Pick<TraceSummary, 'state' | 'duration'>) =>
  took === null || state === 'IN_PROGRESS' ? 'goes on' : duration(took)

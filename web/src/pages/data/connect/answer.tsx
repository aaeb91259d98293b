import type { SourceTest } from '../../../api/types.ts'
import { StateBadge } from '../../../components/state-badge.tsx'
import { Verdict } from '../../../components/verdict.tsx'
import { duration } from '../../../format/time.ts'

/** How a source answered: how quickly, or what was wrong and what to do. */
export function Answer({ test }: { test: SourceTest }) {
  return (
    <Verdict ok={test.ok} role="status">
      <StateBadge state={test.ok ? 'ok' : 'failed'} text={test.ok ? 'It answers' : test.error?.code} />{' '}
      <span className="muted">after {duration(test.milliseconds)}</span>
      {test.error && (
        <div style={{ marginTop: 6 }}>
          <b>
            {test.error.places?.length
              ? 'Some settings are missing or wrong, as it says beside them.'
              : test.error.message}
          </b>
          <div>{test.error.todo}</div>
        </div>
      )}
    </Verdict>
  )
}

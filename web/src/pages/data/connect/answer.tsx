import type { SourceTest } from '../../../api/types.ts'
import { StateBadge } from '../../../components/state-badge.tsx'
import { duration } from '../../../format/time.ts'
import classes from './connect.module.css'

/** How a source answered: how quickly, or what was wrong and what to do. */
export function Answer({ test }: { test: SourceTest }) {
  return (
    <div className={classes.answer} data-ok={test.ok || undefined} role="status" aria-live="polite">
      <StateBadge state={test.ok ? 'ok' : 'failed'} text={test.ok ? 'It answers' : test.error?.code} />{' '}
      <span className="muted">after {duration(test.milliseconds)}</span>
      {test.error && (
        <div>
          <b>
            {test.error.places?.length
              ? 'Some settings are missing or wrong, as it says beside them.'
              : test.error.message}
          </b>
          <div>{test.error.todo}</div>
        </div>
      )}
    </div>
  )
}

import type { TraceAssessment } from '../../api/types.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import classes from './traces.module.css'

const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** What was thought of a trace, the newest last; replaced ones are struck through. */
export const Assessments = ({ items }: { items: readonly TraceAssessment[] }) => (
  <ul className={classes.assessments}>
    {items.map((one) => (
      <li key={one.id} data-replaced={!one.valid || undefined}>
        <div>
          <b>{one.name}</b>
          {one.error ? (
            <StateBadge state="failed" text={one.error} />
          ) : typeof one.value === 'boolean' && one.kind === 'feedback' ? (
            <StateBadge state={one.value ? 'passed' : 'failed'} text={one.value ? 'yes' : 'no'} />
          ) : (
            <code>{shown(one.value)}</code>
          )}
          <span className="muted">
            {one.kind === 'expectation' ? 'expected · ' : ''}
            {one.by ?? one.source.toLowerCase().replaceAll('_', ' ')}
            {one.valid ? '' : ' · replaced'} · <Time at={one.createdAt} />
          </span>
        </div>
        {one.rationale && <p>{one.rationale}</p>}
      </li>
    ))}
  </ul>
)

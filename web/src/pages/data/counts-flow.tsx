import type { DatasetVersionSummary } from '../../api/types.ts'
import { count, percent } from '../../format/number.ts'
import classes from './counts-flow.module.css'

/** Read = kept + quarantined + removed, as one bar, and at which step. */
export function CountsFlow({ counts }: { counts: DatasetVersionSummary['counts'] }) {
  const parts = [
    { name: 'kept', rows: counts.kept, tone: 'good' },
    { name: 'quarantined', rows: counts.quarantined, tone: 'warn' },
    { name: 'removed', rows: counts.removed, tone: 'idle' },
  ]
  const steps = counts.steps.filter(({ quarantined, removed }) => quarantined + removed > 0)
  return (
    <div>
      <div
        className={classes.bar}
        role="img"
        aria-label={parts.map(({ name, rows }) => `${count(rows)} ${name}`).join(', ')}
      >
        {parts.map(
          (part) =>
            part.rows > 0 && (
              <div
                key={part.name}
                data-tone={part.tone}
                style={{ flexGrow: part.rows }}
                title={`${part.name}: ${count(part.rows)}`}
              />
            ),
        )}
      </div>
      <dl className={classes.parts}>
        <div>
          <dt>read</dt>
          <dd>{count(counts.read)}</dd>
        </div>
        {parts.map((part) => (
          <div key={part.name} data-tone={part.tone}>
            <dt>
              <i />
              {part.name}
            </dt>
            <dd>
              {count(part.rows)} <span className="muted">{percent(part.rows / Math.max(1, counts.read), 2)}</span>
            </dd>
          </div>
        ))}
      </dl>
      {steps.length > 0 && (
        <ul className={classes.steps}>
          {steps.map((step) => (
            <li key={step.step}>
              <span className="muted">{step.step === 0 ? 'reading' : `step ${step.step}`}</span> {step.operation}:{' '}
              {[
                step.quarantined > 0 && `${count(step.quarantined)} quarantined`,
                step.removed > 0 && `${count(step.removed)} removed`,
              ]
                .filter(Boolean)
                .join(', ')}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

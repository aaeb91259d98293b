import type { QuarantinePage } from '../../../api/types.ts'
import { Panel } from '../../../components/panel.tsx'
import { count } from '../../../format/number.ts'
import classes from './quarantine.module.css'

type Reason = QuarantinePage['reasons'][number]

const shown = 12

/** Why rows were put aside, how many are still open; one is chosen to see its rows. */
export function ReasonList({
  reasons,
  step,
  reason,
  onChoose,
}: {
  reasons: Reason[]
  step: string
  reason: string
  onChoose(reason: Reason | undefined): void
}) {
  const most = Math.max(...reasons.map(({ rows }) => rows), 1)
  return (
    <Panel title="Reasons" note="strong: open, pale: decided">
      <ul className={classes.reasons}>
        {reasons.slice(0, shown).map((one) => {
          const chosen = step === String(one.step) && reason === one.reason
          return (
            <li key={`${one.step} ${one.reason}`}>
              <button type="button" aria-pressed={chosen} onClick={() => onChoose(chosen ? undefined : one)}>
                <span className={classes.where}>
                  {one.step === 0 ? 'reading' : `step ${one.step}, ${one.operation}`}
                </span>
                <span className="clip" title={one.reason}>
                  {one.reason}
                </span>
                <span className={classes.track}>
                  <i style={{ width: `${(one.rows / most) * 100}%` }} />
                  <b style={{ width: `${(one.open / most) * 100}%` }} />
                </span>
                <span className="number">
                  <b>{count(one.open)}</b> <span className="muted">of {count(one.rows)}</span>
                </span>
              </button>
            </li>
          )
        })}
      </ul>
      {reasons.length > shown && <p className="muted">and {reasons.length - shown} more reasons with fewer rows</p>}
    </Panel>
  )
}

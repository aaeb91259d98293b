import { measure } from '../format/number.ts'
import classes from './intervals.module.css'

export interface IntervalRow {
  name: string
  value: number
  low: number | null
  high: number | null
  tone: 'accent' | 'good' | 'bad' | 'muted'
}

/** Estimates with their intervals on one axis; `zero` draws the line that a difference must not cross. */
export function Intervals({ rows, zero, label }: { rows: IntervalRow[]; zero?: string; label: string }) {
  const values = rows.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value])
  if (zero !== undefined) values.push(0)
  const least = Math.min(...values)
  const most = Math.max(...values)
  const room = (most - least || Math.abs(most) || 1) * 0.12
  const at = (value: number) => ((value - least + room) / (most - least + 2 * room)) * 100
  return (
    <div className={classes.intervals} role="img" aria-label={label}>
      {rows.map((row) => (
        <div
          key={row.name}
          className={classes.row}
          title={`${row.name}: ${measure(row.value)}${row.low == null || row.high == null ? '' : `, ${measure(row.low)} to ${measure(row.high)}`}`}
        >
          <span className="clip">{row.name}</span>
          <span className={classes.track}>
            {zero !== undefined && <span className={classes.zero} style={{ left: `${at(0)}%` }} />}
            {row.low != null && row.high != null && (
              <span
                className={classes.whisker}
                data-tone={row.tone}
                style={{ left: `${at(row.low)}%`, width: `${at(row.high) - at(row.low)}%` }}
              />
            )}
            <span className={classes.point} data-tone={row.tone} style={{ left: `${at(row.value)}%` }} />
          </span>
          <span className="number">{measure(row.value)}</span>
        </div>
      ))}
      {zero && (
        <div className={classes.row}>
          <span />
          <span className={classes.track}>
            <span className={classes.zeroText} style={{ left: `${Math.min(80, Math.max(20, at(0)))}%` }}>
              {zero}
            </span>
          </span>
          <span />
        </div>
      )}
    </div>
  )
}

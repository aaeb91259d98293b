import { count, percent } from '../format/number.ts'
import classes from './histogram.module.css'

export interface Bin {
  label: string
  /** share of the rows, 0 to 1, or a count */
  value: number
  /** the other distribution to compare with */
  against?: number | undefined
}

/** A distribution as bars; with `against`, two of them over each other: filled is this one, outlined the other. */
export function Histogram({
  bins,
  height = 72,
  shares,
  names,
  label,
  axis,
}: {
  bins: Bin[]
  height?: number
  shares?: boolean
  names?: [string, string]
  label: string
  axis?: [string, string]
}) {
  const largest = Math.max(...bins.map((bin) => Math.max(bin.value, bin.against ?? 0)), Number.MIN_VALUE)
  const text = shares ? percent : count
  return (
    <div className={classes.histogram} role="img" aria-label={label}>
      <div className={classes.bars} style={{ height }}>
        {bins.map((bin, place) => (
          <div
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place; narrow bins may be called the same
            key={place}
            className={classes.slot}
            title={
              bin.against === undefined
                ? `${bin.label}: ${text(bin.value)}`
                : `${bin.label}\n${names?.[0] ?? 'this'}: ${text(bin.value)}\n${names?.[1] ?? 'other'}: ${text(bin.against)}`
            }
          >
            <div className={classes.bar} style={{ height: `${(bin.value / largest) * 100}%` }} />
            {bin.against !== undefined && (
              <div className={classes.outline} style={{ height: `${(bin.against / largest) * 100}%` }} />
            )}
          </div>
        ))}
      </div>
      {axis && (
        <div className={classes.axis}>
          <span className="clip">{axis[0]}</span>
          <span className="clip">{axis[1]}</span>
        </div>
      )}
    </div>
  )
}

/** Categories as horizontal bars, largest first. */
export function CategoryBars({
  bins,
  shares,
  names,
  label,
  limit = 12,
}: {
  bins: Bin[]
  shares?: boolean
  names?: [string, string]
  label: string
  limit?: number
}) {
  const shown = bins.slice(0, limit)
  const largest = Math.max(...shown.map((bin) => Math.max(bin.value, bin.against ?? 0)), Number.MIN_VALUE)
  const text = shares ? percent : count
  return (
    <div className={classes.categories} role="img" aria-label={label}>
      {shown.map((bin) => (
        <div
          key={bin.label}
          className={classes.category}
          title={
            bin.against === undefined
              ? undefined
              : `${names?.[0] ?? 'this'}: ${text(bin.value)}\n${names?.[1] ?? 'other'}: ${text(bin.against)}`
          }
        >
          <span className="clip">{bin.label}</span>
          <span className={classes.track}>
            <span className={classes.bar} style={{ width: `${(bin.value / largest) * 100}%` }} />
            {bin.against !== undefined && (
              <span className={classes.outline} style={{ width: `${(bin.against / largest) * 100}%` }} />
            )}
          </span>
          <span className="number">{text(bin.value)}</span>
        </div>
      ))}
      {bins.length > limit && <div className="muted">and {bins.length - limit} more</div>}
    </div>
  )
}

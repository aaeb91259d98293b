import type { ReactNode } from 'react'
import { count, percent } from '../format/number.ts'
import classes from './histogram.module.css'

export interface Bin {
  label: string
  /** share of the rows, 0 to 1, or a count */
  value: number
  /** the other distribution to compare with */
  against?: number | undefined
  /** where the other distribution's own parts lie */
  ordinary?: { low: number; high: number } | undefined
}

interface Picking {
  /** a bar was clicked, by its place */
  onPick?: ((place: number) => void) | undefined
  selected?: number | undefined
}

/** What a bar says when it is pointed at. */
function barTitle(bin: Bin, text: (value: number) => string, names: [string, string] | undefined): string {
  if (bin.against === undefined) return `${bin.label}: ${text(bin.value)}`
  const ordinary = bin.ordinary ? `\nordinary: ${text(bin.ordinary.low)} to ${text(bin.ordinary.high)}` : ''
  return `${bin.label}\n${names?.[0] ?? 'this'}: ${text(bin.value)}\n${names?.[1] ?? 'other'}: ${text(bin.against)}${ordinary}`
}

/** A distribution as bars; with `against`, two of them over each other: filled is this one, outlined the other. */
export function Histogram({
  bins,
  height = 72,
  shares,
  names,
  label,
  axis,
  onPick,
  selected,
}: Picking & {
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
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles have a label
    <div className={classes.histogram} role={onPick ? 'group' : 'img'} aria-label={label}>
      <div className={classes.bars} style={{ height }}>
        {bins.map((bin, place) => (
          <Slot
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place; narrow bins may be called the same
            key={place}
            className={classes.slot}
            title={barTitle(bin, text, names)}
            pressed={selected === place}
            onPick={onPick && (() => onPick(place))}
          >
            <div className={classes.bar} style={{ height: `${(bin.value / largest) * 100}%` }} />
            {bin.against !== undefined && (
              <div className={classes.outline} style={{ height: `${(bin.against / largest) * 100}%` }} />
            )}
          </Slot>
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
  onPick,
  selected,
}: Picking & {
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
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles have a label
    <div className={classes.categories} role={onPick ? 'group' : 'img'} aria-label={label}>
      {shown.map((bin, place) => (
        <Slot
          key={bin.label}
          className={classes.category}
          title={bin.against === undefined ? undefined : barTitle(bin, text, names)}
          pressed={selected === place}
          onPick={onPick && (() => onPick(place))}
        >
          <span className="clip">{bin.label}</span>
          <span className={classes.track}>
            <span className={classes.bar} style={{ width: `${(bin.value / largest) * 100}%` }} />
            {bin.against !== undefined && (
              <span className={classes.outline} style={{ width: `${(bin.against / largest) * 100}%` }} />
            )}
          </span>
          <span className="number">{text(bin.value)}</span>
        </Slot>
      ))}
      {bins.length > limit && <div className="muted">and {bins.length - limit} more</div>}
    </div>
  )
}

/** A bar's place: a button where bars can be picked. */
const Slot = ({
  className,
  title,
  pressed,
  onPick,
  children,
}: {
  className: string | undefined
  title: string | undefined
  pressed: boolean
  onPick: (() => void) | undefined
  children: ReactNode
}) =>
  onPick ? (
    <button
      type="button"
      className={className}
      title={title}
      aria-label={title}
      aria-pressed={pressed}
      onClick={onPick}
    >
      {children}
    </button>
  ) : (
    <div className={className} title={title}>
      {children}
    </div>
  )

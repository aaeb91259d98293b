import type { LocalExplanation } from '../../api/types.ts'
import { measure } from '../../format/number.ts'
import { signed, valueText } from './explanation-text.ts'
import classes from './explanations.module.css'

const most = 14

/** Attributions, largest first, each beginning where the one before it ended. */
export function Waterfall({ found }: { found: LocalExplanation }) {
  const ranked = found.attributions.toSorted((a, b) => Math.abs(b.attribution) - Math.abs(a.attribution))
  const rest = ranked.slice(most)
  const steps = ranked.slice(0, most).map(({ feature, value, attribution, error }) => ({
    name: feature,
    text: valueText(value),
    attribution,
    error,
  }))
  if (rest.length > 0)
    steps.push({
      name: `${rest.length} others`,
      text: '',
      attribution: rest.reduce((sum, one) => sum + one.attribution, 0),
      error: null,
    })
  let level = found.base
  const laid = steps.map((step) => {
    const from = level
    level += step.attribution
    return { ...step, from, to: level }
  })
  const ends = [found.base, ...laid.map(({ to }) => to)]
  const [low, high] = [Math.min(...ends), Math.max(...ends)]
  const room = (high - low || 1) * 0.04
  const at = (value: number) => ((value - low + room) / (high - low + 2 * room)) * 100
  return (
    <ol className={classes.waterfall} aria-label="From the base to the prediction">
      <Total text="Base: what is expected of any row" value={found.base} at={at(found.base)} />
      {laid.map(({ name, text, attribution, error, from, to }) => (
        <li
          key={name}
          className={classes.step}
          title={`${name} ${text}: ${signed(attribution)}${error ? `, standard error ${measure(error, 2)}` : ''}, to ${measure(to)}`}
        >
          <span className="clip">
            {name} {text && <b>{text}</b>}
          </span>
          <span className={classes.way}>
            <span
              className={classes.piece}
              data-way={attribution >= 0 ? 'up' : 'down'}
              style={{ left: `${at(Math.min(from, to))}%`, width: `${Math.abs(at(to) - at(from))}%` }}
            />
          </span>
          <span>{signed(attribution)}</span>
        </li>
      ))}
      <Total text="This prediction" value={found.output} at={at(level)} />
    </ol>
  )
}

const Total = ({ text, value, at }: { text: string; value: number; at: number }) => (
  <li className={classes.step} data-total="">
    <span>{text}</span>
    <span className={classes.way}>
      <span className={classes.level} style={{ left: `${at}%` }} />
    </span>
    <span>{measure(value, 4)}</span>
  </li>
)

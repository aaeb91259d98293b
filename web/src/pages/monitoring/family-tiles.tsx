import type { CSSProperties } from 'react'
import { Link, useSearchParams } from 'wouter'
import type { MonitoringOverview } from '../../api/types.ts'
import { Explained } from '../../components/explained.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { measure } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import classes from './monitoring.module.css'
import { definitionFacts, stateRank, stateText } from './score-explanation.ts'

type Family = MonitoringOverview['families'][number]

/** The families of monitors, each with its state and the score that is nearest to trouble; those without any in a line. */
export function FamilyTiles({ overview }: { overview: MonitoringOverview }) {
  const [parameters] = useSearchParams()
  const measured = overview.families.filter(({ scores, state }) => scores.length > 0 && state !== 'off')
  const others = overview.families.filter((family) => !measured.includes(family))
  const named = (off: boolean) =>
    others
      .filter(({ state }) => (state === 'off') === off)
      .map(({ title }) => title.toLowerCase())
      .join(', ')
  const [notYet, off] = [named(false), named(true)]
  return (
    <>
      <div
        className={classes.tiles}
        style={{ '--row': measured.length > 8 ? Math.ceil(measured.length / 2) : measured.length } as CSSProperties}
      >
        {measured.map((family) => {
          const next = new URLSearchParams(parameters)
          next.set('tab', family.family)
          return (
            <Link key={family.family} href={`?${next}`} replace className={classes.tile} data-state={family.state}>
              <span className={classes.tileHead}>
                {family.title}
                <StateBadge
                  state={family.state}
                  text={
                    family.state === 'unknown' ? 'not yet' : family.state === 'failed' ? 'not evaluated' : undefined
                  }
                />
              </span>
              <Worst family={family} />
            </Link>
          )
        })}
      </div>
      {(notYet || off) && (
        <p className="muted" style={{ margin: '0 0 2px' }}>
          {[notYet && `Nothing measured yet: ${notYet}`, off && `switched off: ${off}`].filter(Boolean).join('; ')}.
        </p>
      )}
    </>
  )
}

function Worst({ family }: { family: Family }) {
  const excess = (score: Family['scores'][number]) =>
    score.value !== null && score.thresholdHigh ? score.value / score.thresholdHigh : 0
  const worst = [...family.scores].sort((a, b) => stateRank[b.state] - stateRank[a.state] || excess(b) - excess(a))[0]
  if (!worst) return null
  return (
    <span className={classes.tileText}>
      {worst.value === null ? (
        <span className="muted">{stateText(worst)}</span>
      ) : (
        <Explained
          plain
          definition={`${worst.monitor}${worst.feature ? ` of ${worst.feature.replace('$', '')}` : ''}, ${eventWindow({ from: worst.windowStart, to: worst.windowEnd })}: ${stateText(worst)}.`}
          samples={worst.samples}
          interval={[worst.low, worst.high]}
          facts={{
            Threshold: thresholdText(worst.thresholdLow, worst.thresholdHigh),
            ...definitionFacts(worst.definition),
          }}
        >
          <b>{measure(worst.value, 3)}</b>{' '}
          <span className="muted">
            {worst.feature ? worst.feature.replace('$', '') : worst.monitor.split('.')[1]?.replaceAll('_', ' ')}
          </span>
        </Explained>
      )}
    </span>
  )
}

export const thresholdText = (low: number | null, high: number | null) =>
  low === null && high === null
    ? 'none'
    : low === null
      ? `at most ${measure(high)}`
      : high === null
        ? `at least ${measure(low)}`
        : `${measure(low)} to ${measure(high)}`

import { Link } from 'wouter'
import type { Promotion } from '../../api/types.ts'
import { useNow } from '../../components/use-now.ts'
import { dateTime, relative } from '../../format/time.ts'
import { useProjectPath } from '../../shell/project-context.tsx'
import { AliasBadge } from './alias-badge.tsx'
import classes from './models.module.css'

interface Held {
  version: number
  from: number
  to: number
  promotion: Promotion
}

/** For each alias which version it was, and when: the moves as spans of time. */
export function heldSpans(promotions: readonly Promotion[], now: number): Map<string, Held[]> {
  const lanes = new Map<string, Held[]>()
  for (const promotion of [...promotions].sort((a, b) => a.time - b.time)) {
    const lane = lanes.get(promotion.alias) ?? []
    lanes.set(promotion.alias, lane)
    const last = lane.at(-1)
    if (last && last.to === now) last.to = promotion.time
    if (promotion.to !== null) lane.push({ version: promotion.to, from: promotion.time, to: now, promotion })
  }
  return lanes
}

const colours = 7

/** Aliases over time as lanes; each span names its version and says who moved it there and why. */
export function PromotionLanes({ items }: { items: Promotion[] }) {
  const to = useProjectPath()
  const now = useNow()
  if (items.length === 0) return null
  const start = Math.min(...items.map(({ time }) => time))
  const length = Math.max(1, now - start)
  return (
    <div className={classes.lanes}>
      {[...heldSpans(items, now)].map(([alias, spans]) => (
        <div key={alias} style={{ display: 'contents' }}>
          <AliasBadge alias={alias} />
          <div className={classes.lane}>
            {spans.map((span) => (
              <Link
                key={span.promotion.id}
                className={classes.held}
                href={to('models', span.promotion.model, span.version)}
                title={`version ${span.version} from ${dateTime(span.from)} UTC, by ${span.promotion.actor}: ${span.promotion.reason}`}
                style={{
                  left: `${((span.from - start) / length) * 100}%`,
                  width: `${((span.to - span.from) / length) * 100}%`,
                  background: `var(--series-${(span.version % colours) + 1})`,
                }}
              >
                {span.version}
              </Link>
            ))}
          </div>
        </div>
      ))}
      <div className={classes.ends}>
        <span>{relative(start, now)}</span>
        <span>now</span>
      </div>
    </div>
  )
}

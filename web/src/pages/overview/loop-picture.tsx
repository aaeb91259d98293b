import { type ReactNode, useEffect, useState } from 'react'
import { Link } from 'wouter'
import type { JournalEvent } from '../../api/types.ts'
import { Dot } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import classes from './loop-picture.module.css'
import type { Stage } from './loop-stages.ts'

const glow = 2200

/**
 * The loop as a ring of stages, the data coming in from the left. Where a stage's event arrives it lights up, and so
 * does the arrow that leads from it.
 */
export function LoopPicture({
  stages,
  events,
  middle,
  corner,
}: {
  stages: Stage[]
  events: readonly JournalEvent[]
  middle: ReactNode
  corner: ReactNode
}) {
  const lit = useLit(stages, events)
  return (
    <div className={classes.loop}>
      {stages.map((stage) => (
        <Link
          key={stage.key}
          href={stage.href}
          className={classes.stage}
          data-stage={stage.key}
          data-tone={stage.tone}
          data-lit={lit.has(stage.key) || undefined}
          aria-label={`${stage.title}: ${stage.state}. ${stage.fact}`}
        >
          <span className={classes.title}>
            <Dot tone={stage.tone} />
            {stage.title}
          </span>
          <span className={classes.state}>{stage.state}</span>
          <span className={classes.fact} title={stage.fact}>
            {stage.fact || ' '}
          </span>
          <span className={classes.when}>{stage.at ? <Time at={stage.at} /> : ' '}</span>
        </Link>
      ))}
      <div className={classes.middle}>{middle}</div>
      <div className={classes.corner}>{corner}</div>
    </div>
  )
}

function useLit(stages: Stage[], events: readonly JournalEvent[]): ReadonlySet<string> {
  const [lit, setLit] = useState<ReadonlySet<string>>(new Set())
  const newest = events[0]
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new event lights a stage
  useEffect(() => {
    if (!newest) return
    const word = newest.type.split('.')[0]!
    const key = stages.find((stage) => stage.events.includes(word))?.key
    if (!key) return
    setLit((before) => new Set(before).add(key))
    const timer = setTimeout(
      () =>
        setLit((before) => {
          const after = new Set(before)
          after.delete(key)
          return after
        }),
      glow,
    )
    return () => clearTimeout(timer)
  }, [newest?.id])
  return lit
}

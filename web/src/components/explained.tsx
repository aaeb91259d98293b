import { HoverCard } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './explained.module.css'

export interface Explanation {
  /** what it is and how it is computed */
  definition: ReactNode
  samples?: number | null
  /** low to high */
  interval?: [number | null, number | null] | null
  /** anything else worth knowing, label → value */
  facts?: Record<string, ReactNode>
}

/** A number that says what it means, from how many samples, and how sure it is, when pointed at or focused. */
export function Explained({
  children,
  definition,
  samples,
  interval,
  facts,
  plain,
}: Explanation & { children: ReactNode; plain?: boolean }) {
  const rows: [string, ReactNode][] = [
    ...(samples == null ? [] : [['Samples', samples.toLocaleString('en')] as [string, ReactNode]]),
    ...(interval?.[0] == null || interval[1] == null
      ? []
      : [['Interval', `${short(interval[0])} to ${short(interval[1])}`] as [string, ReactNode]]),
    ...Object.entries(facts ?? {}).filter(([, value]) => value != null && value !== ''),
  ]
  return (
    <HoverCard openDelay={150} closeDelay={60} width={300} position="top" shadow="md" withinPortal>
      <HoverCard.Target>
        <span className={plain ? classes.plain : 'explained'} tabIndex={plain ? undefined : 0}>
          {children}
        </span>
      </HoverCard.Target>
      <HoverCard.Dropdown p="xs">
        <div className={classes.definition}>{definition}</div>
        {rows.length > 0 && (
          <dl className={classes.facts}>
            {rows.map(([label, value]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        )}
      </HoverCard.Dropdown>
    </HoverCard>
  )
}

const short = (value: number) => String(Number(value.toPrecision(4)))

import type { ReactNode } from 'react'
import classes from './facts.module.css'

/** Label and value, in as many columns as there is room for; what is null is left out. */
export const Facts = ({ items, large }: { items: Record<string, ReactNode>; large?: boolean }) => (
  <dl className={large ? classes.large : classes.facts}>
    {Object.entries(items)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
)

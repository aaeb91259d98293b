import { Tooltip } from '@mantine/core'
import type { DatasetFreshness } from '../../../api/types.ts'
import { dateTime, duration } from '../../../format/time.ts'
import classes from './freshness.module.css'

/** The age of the newest row as a part of what is allowed; over the mark it is late. */
export function AgeBar({
  age,
  within,
  newestAt,
  declaredIn,
}: {
  age: number | null
  within: number | null
  newestAt: number | null
  declaredIn: DatasetFreshness['declaredIn']
}) {
  if (age === null || newestAt === null) return <span className="muted">no time known</span>
  const old = age < 0 ? `${duration(-age)} ahead` : `${duration(age)} old`
  if (within === null)
    return (
      <Tooltip
        label={`The newest row is of ${dateTime(newestAt)}. Declare freshness in the contract or as an expectation.`}
      >
        <span className="muted">{old}</span>
      </Tooltip>
    )
  const share = Math.max(0, age) / within
  return (
    <Tooltip
      label={`The newest row is of ${dateTime(newestAt)}; by the ${declaredIn} it may be ${duration(within)} old. ${
        age > within ? `Late for ${duration(age - within)}.` : `Late in ${duration(within - age)}.`
      }`}
    >
      <div className={classes.age}>
        <span className="number">
          {old} <span className="muted">of {duration(within)}</span>
        </span>
        <div className={classes.track} data-late={age > within || undefined}>
          <i style={{ width: `${Math.min(100, share * 100)}%` }} />
        </div>
      </div>
    </Tooltip>
  )
}

import { Tooltip } from '@mantine/core'
import { dateTime, relative } from '../format/time.ts'
import { useNow } from './use-now.ts'

/** How long ago, with the exact time (UTC) when pointed at. */
export function Time({ at }: { at: number | null | undefined }) {
  const now = useNow()
  if (at == null) return <span className="muted">–</span>
  return (
    <Tooltip label={`${dateTime(at)} UTC`}>
      <time className="number" dateTime={new Date(at).toISOString()}>
        {relative(at, now)}
      </time>
    </Tooltip>
  )
}

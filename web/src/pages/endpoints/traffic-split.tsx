import type { Endpoint } from '../../api/types.ts'
import { SplitBar } from '../../charts/split-bar.tsx'

/** A revision has its own colour, the same everywhere. */
export const revisionColour = (revision: number) => `var(--series-${((revision - 1) % 8) + 1})`

export const TrafficSplit = ({ traffic }: { traffic: Endpoint['traffic'] }) => (
  <SplitBar
    parts={[...traffic]
      .sort((a, b) => a.revision - b.revision)
      .map((one) => ({
        name: `revision ${one.revision} (version ${one.version})`,
        share: one.percent,
        shadow: one.shadow && one.percent === 0,
        colour: revisionColour(one.revision),
      }))}
  />
)

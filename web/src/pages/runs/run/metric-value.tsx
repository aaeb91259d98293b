import type { RunDetail } from '../../../api/types.ts'
import { Explained } from '../../../components/explained.tsx'
import { measure } from '../../../format/number.ts'
import { dateTime } from '../../../format/time.ts'

type Latest = RunDetail['latest'][number]

/** Keys of metrics that are about the machine, not the model. */
export const isSystemMetric = (key: string) => key.startsWith('system/')

/** The latest value of a metric, which says when it was logged. */
export const LatestValue = ({ metric }: { metric: Latest }) => (
  <Explained
    definition={`The latest value of ${metric.key} as the run logged it: that of the greatest step, then time.`}
    facts={{
      Exactly: metric.value === null ? 'not a number' : String(metric.value),
      Step: metric.step.toLocaleString('en'),
      Logged: `${dateTime(metric.time)} UTC`,
    }}
  >
    {metric.value === null ? 'NaN' : measure(metric.value)}
  </Explained>
)

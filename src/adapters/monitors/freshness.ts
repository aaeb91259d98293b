import { byFixedLimit } from '../../contracts/fixed-limit.ts'
import { defineMonitorKind, type MonitorScore, type MonitorSettings } from '../../contracts/monitor-kind.ts'
import type { Measured } from '../../statistics/too-few-samples.ts'
import { type UsualSilence, usualLag, usualSilence } from '../../statistics/usual-silence.ts'

const monitors = [
  {
    name: 'freshness.predictions',
    title: 'Time without a prediction',
    unit: 'hours',
    formula: 'full hours up to now in which nobody was answered',
  },
  {
    name: 'freshness.actuals',
    title: 'Lateness of actuals',
    unit: 'hours',
    formula: 'event time of the newest prediction − that of the newest with a known actual',
  },
]

function score(
  { name, formula }: (typeof monitors)[number],
  found: Measured<UsualSilence>,
  samples: number,
  settings: MonitorSettings,
): MonitorScore {
  const base = { monitor: name, feature: '', segment: '', low: null, high: null, samples, thresholdLow: null, p: null }
  if (!found.ok)
    return {
      ...base,
      value: null,
      thresholdHigh: null,
      state: 'too_few_samples',
      definition: { metric: name, formula, needed: found.needed, of: found.of },
    }
  const { value, limit, method } = found
  const measured = {
    ...base,
    value,
    thresholdHigh: limit,
    definition: { metric: name, formula, threshold: { method } },
  }
  return byFixedLimit(measured, settings) ?? { ...measured, state: value > limit ? 'violation' : 'ok' }
}

export default defineMonitorKind({
  family: 'freshness',
  title: 'Freshness',
  description:
    'Predictions that stop for longer than is usual at this hour of the week, and actuals that are later than usual; judged by the clock',
  alpha: 0.01,
  monitors: monitors.map(({ name, title, unit }) => ({ name, title, unit })),
  evaluate: () => [],
  atNow({ now, active, arrivals }, settings) {
    const [predictions, actuals] = monitors
    return [
      score(predictions!, usualSilence(active, now), active.length, settings),
      ...(arrivals.length > 0 ? [score(actuals!, usualLag(active, arrivals, now), arrivals.length, settings)] : []),
    ]
  },
})

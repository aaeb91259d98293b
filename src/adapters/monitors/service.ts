import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { sketchQuantile } from '../../statistics/sketch.ts'
import { studentQuantile, studentTwoSided } from '../../statistics/student-t.ts'

const monitors = [
  { name: 'service.latency_p50', title: 'Median latency', unit: 'ms' },
  { name: 'service.latency_p99', title: '99th percentile of latency', unit: 'ms' },
  { name: 'service.volume', title: 'Predictions a day', unit: 'rows' },
  { name: 'service.traffic', title: 'Predictions beside those of the weeks before', unit: 'rows' },
  { name: 'service.silence', title: 'Longest time without a prediction', unit: 'hours' },
]

/** Fewer weeks tell no season. */
const LEAST_WEEKS = 4

interface Measured {
  value: number | null
  samples: number
  formula: string
}

const base = { feature: '', segment: '', low: null, high: null }

function limited(monitor: string, { value, samples, formula }: Measured, settings: MonitorSettings): MonitorScore {
  const limit = settings.limits[monitor]
  const outside = value !== null && (value > (limit?.high ?? Infinity) || value < (limit?.low ?? -Infinity))
  return {
    ...base,
    monitor,
    value,
    samples,
    thresholdLow: limit?.low ?? null,
    thresholdHigh: limit?.high ?? null,
    state: value === null ? 'too_few_samples' : outside ? 'violation' : 'ok',
    p: null,
    definition: { metric: monitor, formula, threshold: { method: limit ? 'fixed in the settings' : 'none' } },
  }
}

/** The window's rows against those of the same hours in the weeks before: season is in both. */
function traffic({ traffic: found }: WindowView, settings: MonitorSettings): MonitorScore[] {
  if (!found) return []
  const monitor = 'service.traffic'
  const logs = found.before.map(({ rows }) => Math.log(rows + 0.5))
  const measured = {
    value: found.rows,
    samples: found.rows,
    formula: 'predictions of all revisions that answered callers',
  }
  if (settings.limits[monitor] || logs.length < LEAST_WEEKS) return [limited(monitor, measured, settings)]
  const n = logs.length
  const mean = logs.reduce((a, b) => a + b, 0) / n
  const squares = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  // no less than what chance does to so many rows
  const deviation = Math.sqrt(Math.max(squares / (n - 1), 1 / (Math.exp(mean) + 1)) * (1 + 1 / n))
  const p = studentTwoSided((Math.log(found.rows + 0.5) - mean) / deviation, n - 1)
  const half = studentQuantile(1 - settings.alpha / 2, n - 1) * deviation
  return [
    {
      ...limited(monitor, measured, settings),
      thresholdLow: Math.exp(mean - half),
      thresholdHigh: Math.exp(mean + half),
      state: p <= settings.alpha ? 'watch' : 'ok',
      p,
      definition: {
        metric: monitor,
        formula: measured.formula,
        reference: `the same hours of the ${n} weeks before`,
        threshold: { method: 'Student’s prediction interval of the logarithm', alpha: settings.alpha, weeks: n },
      },
    },
  ]
}

function silence({ traffic: found }: WindowView, settings: MonitorSettings): MonitorScore[] {
  if (!found) return []
  const monitor = 'service.silence'
  const score = limited(
    monitor,
    { value: found.silence, samples: found.rows, formula: 'longest run of full hours in which nobody was answered' },
    settings,
  )
  if (settings.limits[monitor] || found.before.length < LEAST_WEEKS) return [score]
  const longest = Math.max(...found.before.map((week) => week.silence))
  const limit = 2 * longest + 2
  return [
    {
      ...score,
      thresholdHigh: limit,
      state: found.silence > limit ? 'violation' : 'ok',
      definition: {
        ...score.definition,
        reference: `the same hours of the ${found.before.length} weeks before`,
        threshold: { method: 'twice the longest of those weeks + 2 hours' },
      },
    },
  ]
}

export default defineMonitorKind({
  family: 'service',
  title: 'Service',
  description:
    'Latency, volume, and traffic beside that of the weeks before; latency and volume have no limits unless the settings fix them',
  alpha: 0.01,
  monitors,
  evaluate(window, _reference, settings) {
    const latency = window.slice.features.get('$latency_ms')
    const enough = (latency?.count ?? 0) >= settings.minRows
    const quantile = (q: number, formula: string): Measured => ({
      value: enough ? sketchQuantile(latency!.sketch, q) : null,
      samples: latency?.count ?? 0,
      formula,
    })
    return [
      limited('service.latency_p50', quantile(0.5, 'median, within 1 %'), settings),
      limited('service.latency_p99', quantile(0.99, '99th percentile, within 1 %'), settings),
      limited(
        'service.volume',
        {
          value: window.slice.rows / Math.max(1, window.days),
          samples: window.slice.rows,
          formula: 'rows / days that have rows',
        },
        settings,
      ),
      ...traffic(window, settings),
      ...silence(window, settings),
    ]
  },
})

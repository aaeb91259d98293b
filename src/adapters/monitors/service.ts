import { defineMonitorKind, type MonitorScore } from '../../contracts/monitor-kind.ts'
import { sketchQuantile } from '../../statistics/sketch.ts'

const monitors = [
  { name: 'service.latency_p50', title: 'Median latency', unit: 'ms' },
  { name: 'service.latency_p99', title: '99th percentile of latency', unit: 'ms' },
  { name: 'service.volume', title: 'Predictions a day', unit: 'rows' },
]

export default defineMonitorKind({
  family: 'service',
  title: 'Service',
  description: 'Latency and volume; no limits unless the settings fix them',
  alpha: 0.01,
  monitors,
  evaluate(window, _reference, settings) {
    const latency = window.slice.features.get('$latency_ms')
    const enough = (latency?.count ?? 0) >= settings.minRows
    const values: Record<string, { value: number | null; samples: number; formula: string }> = {
      'service.latency_p50': {
        value: enough ? sketchQuantile(latency!.sketch, 0.5) : null,
        samples: latency?.count ?? 0,
        formula: 'median, within 1 %',
      },
      'service.latency_p99': {
        value: enough ? sketchQuantile(latency!.sketch, 0.99) : null,
        samples: latency?.count ?? 0,
        formula: '99th percentile, within 1 %',
      },
      'service.volume': {
        value: window.slice.rows / Math.max(1, window.days),
        samples: window.slice.rows,
        formula: 'rows / days that have rows',
      },
    }
    return monitors.map(({ name }): MonitorScore => {
      const { value, samples, formula } = values[name]!
      const limit = settings.limits[name]
      const outside = value !== null && (value > (limit?.high ?? Infinity) || value < (limit?.low ?? -Infinity))
      return {
        monitor: name,
        feature: '',
        segment: '',
        value,
        low: null,
        high: null,
        samples,
        thresholdLow: limit?.low ?? null,
        thresholdHigh: limit?.high ?? null,
        state: value === null ? 'too_few_samples' : outside ? 'violation' : 'ok',
        p: null,
        definition: { metric: name, formula, threshold: { method: limit ? 'fixed in the settings' : 'none' } },
      }
    })
  },
})

import type { DriftMetric } from '../contracts/drift-metric.ts'
import type { MonitorKind } from '../contracts/monitor-kind.ts'
import type { Finding } from './check-references.ts'
import { didYouMean } from './did-you-mean.ts'

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** Whether the families, monitors, metrics and features that an endpoint's settings name exist. `features`: of its model, where they are known. */
export function checkMonitors(
  given: unknown,
  known: { kinds: readonly MonitorKind[]; metrics: readonly DriftMetric[]; features: readonly string[] | undefined },
): Finding[] {
  const { alpha, off, drift_metric, features, segments, limits } = record(given)
  const findings: Finding[] = []
  const need = (name: unknown, of: readonly string[], what: string, path: PropertyKey[], at: Finding['at']) => {
    if (typeof name !== 'string' || of.includes(name)) return
    const hint = didYouMean(name, of)
    findings.push({
      path,
      at,
      what: `there is no ${what} ${name}; ${hint ? `did you mean ${hint}?` : `there are ${of.slice(0, 20).join(', ')}`}`,
    })
  }
  const families = known.kinds.map(({ family }) => family)
  const monitors = known.kinds.flatMap((kind) => kind.monitors.map(({ name }) => name))
  for (const family of Object.keys(record(alpha)))
    need(family, families, 'family of monitors', ['alpha', family], 'key')
  for (const [i, family] of list(off).entries()) need(family, families, 'family of monitors', ['off', i], 'value')
  for (const monitor of Object.keys(record(limits))) need(monitor, monitors, 'monitor', ['limits', monitor], 'key')
  for (const type of ['numeric', 'categorical', 'vector'] as const) {
    const names = known.metrics.filter(({ types }) => types.includes(type)).map(({ name }) => name)
    need(record(drift_metric)[type], names, `metric for ${type} features`, ['drift_metric', type], 'value')
  }
  if (known.features)
    for (const [key, names] of Object.entries({ features, segments }))
      for (const [i, name] of list(names).entries()) need(name, known.features, 'feature', [key, i], 'value')
  return findings
}

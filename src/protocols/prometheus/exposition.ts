import { type MetricFamily, type MetricKey, type Metrics, metricCatalogue } from './metric-catalogue.ts'

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

const escapeLabel = (text: string) => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"')

/** Metrics in Prometheus' text form. */
export function exposition(metrics: Metrics): string {
  const lines: string[] = []
  for (const [key, samples] of metrics) {
    const { name, kind, help }: MetricFamily = metricCatalogue[key as MetricKey]
    lines.push(`# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`, `# TYPE ${name} ${kind}`)
    for (const { labels, value } of samples) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
      lines.push(`${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`)
    }
  }
  return `${lines.join('\n')}\n`
}

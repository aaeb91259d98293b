import { type MetricFamily, type Metrics, metricCatalogue } from '../prometheus/metric-catalogue.ts'
import { exportMetricsRequest } from './metrics-proto.ts'

const cumulative = 2

const attributes = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }))
/** Milliseconds as nanoseconds in 64 bits. */
function nanoseconds(milliseconds: number) {
  const value = BigInt(Math.round(milliseconds)) * 1_000_000n
  return { low: Number(value & 0xffff_ffffn), high: Number(value >> 32n), unsigned: true }
}

/** Metrics as the body of an OTLP export over HTTP (protobuf). Times in milliseconds since 1970. */
export function encodeMetrics(
  metrics: Metrics,
  { time, startedAt, version, node }: { time: number; startedAt: number; version: string; node: string },
): Uint8Array {
  const resource = { 'service.name': 'kedge', 'service.version': version, 'service.instance.id': node }
  const list = [...metrics].map(([key, samples]) => {
    const { name, help, unit, kind }: MetricFamily = metricCatalogue[key]
    const dataPoints = samples.map(({ labels, value }) => ({
      attributes: attributes(labels),
      timeUnixNano: nanoseconds(time),
      asDouble: value,
      ...(kind === 'counter' ? { startTimeUnixNano: nanoseconds(startedAt) } : {}),
    }))
    const data =
      kind === 'counter'
        ? { sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true } }
        : { gauge: { dataPoints } }
    return { name, description: help, unit, ...data }
  })
  return exportMetricsRequest
    .encode(
      exportMetricsRequest.create({
        resourceMetrics: [
          {
            resource: { attributes: attributes(resource) },
            scopeMetrics: [{ scope: { name: 'kedge', version }, metrics: list }],
          },
        ],
      }),
    )
    .finish()
}

import { useEffect, useState } from 'react'
import type { EndpointDetail } from '../../api/types.ts'
import { useChartColours } from '../../charts/chart-colours.ts'
import { LinePlot } from '../../charts/line-plot.tsx'

interface Sample {
  time: number
  /** by number of the revision */
  rates: Record<number, number>
  p50: number | null
  p99: number | null
}

const kept = 240

/** Rate by revision and latency as they come in, from when the page was opened. */
export function LiveTraffic({ endpoint }: { endpoint: EndpointDetail }) {
  const colours = useChartColours().series
  const [samples, setSamples] = useState<Sample[]>([])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a sample for every answer of the server
  useEffect(() => {
    const { p50, p99 } = endpoint.live
    const rates = Object.fromEntries(endpoint.revisions.map(({ number, live }) => [number, live.rate ?? 0]))
    setSamples((before) => [...before, { time: Date.now(), rates, p50, p99 }].slice(-kept))
  }, [endpoint.live])
  const x = samples.map(({ time }) => time)
  const answering = [...new Set(samples.flatMap(({ rates }) => Object.keys(rates).map(Number)))]
    .filter((number) => samples.some(({ rates }) => (rates[number] ?? 0) > 0))
    .sort((a, b) => a - b)
  if (samples.length < 3 || answering.length === 0) return null
  return (
    <div
      style={{
        display: 'grid',
        gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 320px), 1fr))',
        gap: 16,
        marginTop: 14,
      }}
    >
      <LinePlot
        label="Predictions per second by revision"
        x={x}
        time
        height={130}
        series={answering.map((number) => ({
          name: `revision ${number}, predictions /s`,
          // as the traffic's bar has them
          colour: colours[(number - 1) % colours.length],
          y: samples.map(({ rates }) => rates[number] ?? 0),
        }))}
        legend
      />
      <LinePlot
        label="Latency in milliseconds"
        x={x}
        time
        height={130}
        series={[
          { name: 'p50 ms', y: samples.map(({ p50 }) => p50) },
          { name: 'p99 ms', y: samples.map(({ p99 }) => p99) },
        ]}
      />
    </div>
  )
}

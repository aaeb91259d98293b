import { useEffect, useState } from 'react'
import type { EndpointDetail } from '../../api/types.ts'
import { LinePlot } from '../../charts/line-plot.tsx'

interface Sample {
  time: number
  rate: number
  p50: number | null
  p99: number | null
}

const kept = 240

/** Rate and latency as they come in, from when the page was opened. */
export function LiveTraffic({ endpoint }: { endpoint: EndpointDetail }) {
  const [samples, setSamples] = useState<Sample[]>([])
  useEffect(() => {
    const { rate, p50, p99 } = endpoint.live
    setSamples((before) => [...before, { time: Date.now(), rate, p50, p99 }].slice(-kept))
  }, [endpoint.live])
  const x = samples.map(({ time }) => time)
  if (samples.length < 3 || samples.every(({ rate }) => rate === 0)) return null
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
        label="Predictions per second"
        x={x}
        time
        height={130}
        series={[{ name: 'predictions /s', y: samples.map(({ rate }) => rate) }]}
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

import { expect, test } from 'vitest'
import { capacityPlot } from './capacity-plot.ts'

const point = (clients: number, rate: number, p50: number, p99: number) => ({
  clients,
  batch: 1,
  seconds: 1,
  requests: rate,
  failed: 0,
  rate,
  p50,
  p95: p99,
  p99,
})

test('draws latency over throughput', () => {
  const lines = capacityPlot([point(1, 500, 1, 2), point(8, 1000, 4, 10)]).split('\n')
  expect(lines[0]).toMatch(/^ {5}10 ms ┤ +● 8$/)
  expect(lines.at(-1)).toMatch(/1,000 requests\/s$/)
  expect(lines.filter((line) => line.includes('○'))).toHaveLength(2)
  expect(lines.findIndex((line) => line.includes('● 1'))).toBeGreaterThan(5)
})

test('draws nothing out of place when nothing took any time', () => {
  expect(capacityPlot([point(1, 0, 0, 0)]).split('\n')).toHaveLength(12)
})

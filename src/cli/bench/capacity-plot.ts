import type { Point } from './measure-capacity.ts'

const width = 56
const height = 10

/** The latencies of one size of batch over the throughput, as text: ○ p50, ● p99, with the number of clients. */
export function capacityPlot(points: readonly Point[]): string {
  const mostRate = Math.max(...points.map(({ rate }) => rate), 1e-9)
  const mostTime = Math.max(...points.map(({ p99 }) => p99), 1e-9)
  const cells = Array.from({ length: height }, () => new Array<string>(width + 6).fill(' '))
  const put = (rate: number, time: number, text: string) => {
    const x = Math.round((rate / mostRate) * (width - 1))
    const y = height - 1 - Math.round((time / mostTime) * (height - 1))
    ;[...text].forEach((character, i) => {
      if (cells[y]![x + i] === ' ' || i === 0) cells[y]![x + i] = character
    })
  }
  for (const { rate, p50 } of points) put(rate, p50, '○')
  for (const { rate, p99, clients } of points) put(rate, p99, `● ${clients}`)
  const label = (row: number) => (row === 0 ? `${readable(mostTime)} ms` : row === height - 1 ? '0 ms' : '')
  const lines = cells.map((row, i) => `${label(i).padStart(10)} ┤${row.join('').trimEnd()}`)
  return [
    ...lines,
    `${' '.repeat(10)} └${'─'.repeat(width)}`,
    `${' '.repeat(12)}0${`${readable(mostRate)} requests/s`.padStart(width - 1)}`,
  ].join('\n')
}

/** Three digits. */
export const readable = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))

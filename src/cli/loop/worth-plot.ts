import type { weeklyWorth } from './worth.ts'

type Week = ReturnType<typeof weeklyWorth>[number]

const size = { width: 860, height: 360, left: 60, right: 20, top: 40, bottom: 50 }

/** The weekly gain in log loss with its 95 % interval as an SVG: above zero, retraining was better. */
export function worthPlot(weeks: readonly Week[], released: readonly string[]): string {
  const points = weeks.flatMap(({ week, worth }) =>
    worth.logLoss
      ? [{ week, gain: -worth.logLoss.difference, low: -worth.logLoss.high, high: -worth.logLoss.low }]
      : [],
  )
  const extent = Math.max(0.001, ...points.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)])) * 1.1
  const x = (i: number) => size.left + ((i + 0.5) / Math.max(1, points.length)) * (size.width - size.left - size.right)
  const y = (value: number) => size.top + ((extent - value) / (2 * extent)) * (size.height - size.top - size.bottom)
  const n = (value: number) => value.toFixed(1)
  const ticks = [-1, -0.5, 0, 0.5, 1].map((share) => share * extent)
  const marks = points.map(
    ({ gain, low, high }, i) =>
      `<line x1="${n(x(i))}" x2="${n(x(i))}" y1="${n(y(low))}" y2="${n(y(high))}" stroke="#1c7ed6" stroke-width="2"/><circle cx="${n(x(i))}" cy="${n(y(gain))}" r="4" fill="#1c7ed6"/>`,
  )
  const labels = points.map(({ week }, i) =>
    i % 2 === 0 ? `<text x="${n(x(i))}" y="${size.height - 28}" text-anchor="middle">${week.slice(5)}</text>` : '',
  )
  const releases = released.map((date) => {
    const at = points.findIndex(({ week }, i) => week <= date && (points[i + 1]?.week ?? '9999') > date)
    return at < 0
      ? ''
      : `<line x1="${n(x(at))}" x2="${n(x(at))}" y1="${size.top}" y2="${size.height - size.bottom}" stroke="#868e96" stroke-dasharray="4 4"/><text x="${n(x(at) + 4)}" y="${size.top + 10}" fill="#868e96">release</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
<text x="${size.left}" y="20" font-size="14">Gain in log loss by retraining, against the first version kept in shadow (week from Monday, 95 % interval)</text>
${ticks.map((tick) => `<line x1="${size.left}" x2="${size.width - size.right}" y1="${n(y(tick))}" y2="${n(y(tick))}" stroke="${tick === 0 ? '#495057' : '#e9ecef'}"/><text x="${size.left - 6}" y="${n(y(tick) + 4)}" text-anchor="end">${tick.toFixed(3)}</text>`).join('\n')}
${[...releases, ...marks, ...labels].join('\n')}
<text x="${size.left}" y="${size.height - 8}">above zero: retraining was better</text>
</svg>
`
}

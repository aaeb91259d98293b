import type { Bar, Chart } from './chart.ts'
import { escaped, percent } from './html-text.ts'

const short = (n: number) => Number(n.toFixed(1))

function path(bars: readonly Bar[], width: number, height: number): string {
  return bars
    .map((bar) => {
      const h = bar.height * height
      return h < 0.05 ? '' : `M${short(bar.x * width)} ${height}v-${short(h)}h${short(bar.width * width)}v${short(h)}`
    })
    .join('')
}

/** The upper ends of neighbouring bars as one line. */
function outline(bars: readonly Bar[], width: number, height: number): string {
  return bars
    .map((bar, i) => {
      const y = short(height * (1 - bar.height))
      return `${i === 0 ? `M${short(bar.x * width)} ${y}` : `V${y}`}H${short((bar.x + bar.width) * width)}`
    })
    .join('')
}

const both = (chart: Chart, width: number, height: number) =>
  `<path class="r" d="${path(chart.reference, width, height)}"/><path class="${chart.overlaid ? 'o' : 'c'}" d="${(chart.overlaid ? outline : path)(chart.current, width, height)}"/>`

/** A small picture of both distributions, of a few hundred bytes. */
export const smallChart = (chart: Chart): string => `<svg class="s" viewBox="0 0 120 28">${both(chart, 120, 28)}</svg>`

/** The same, larger, with what each bar says on hover. */
export function largeChart(chart: Chart): string {
  const [width, height] = [420, 130]
  const shares = new Map(chart.current.map((bar) => [bar.label, bar.share]))
  const areas = (chart.reference.length > 0 ? chart.reference : chart.current)
    .map(
      (bar) =>
        `<rect x="${short(bar.x * width)}" width="${short(Math.max(1, bar.width * width * (chart.overlaid ? 1 : 2.2)))}" height="${height}"><title>${escaped(bar.label)}: ${percent(bar.share)} of the reference, ${percent(shares.get(bar.label) ?? 0)} now</title></rect>`,
    )
    .join('')
  return `<svg class="l" viewBox="0 0 ${width} ${height + 16}" role="img">${both(chart, width, height)}<line x1="0" y1="${height}" x2="${width}" y2="${height}"/><g>${areas}</g><text x="0" y="${height + 13}">${escaped(chart.from)}</text><text x="${width}" y="${height + 13}" text-anchor="end">${escaped(chart.to)}</text></svg>`
}

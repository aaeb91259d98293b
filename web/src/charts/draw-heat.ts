import type { ChartColours } from './chart-colours.ts'

export interface HeatCell {
  /** 0 (as the reference) to 1 (at the threshold) and beyond; null: not known */
  heat: number | null
  state: 'ok' | 'watch' | 'violation' | 'too_few_samples' | 'no_reference' | 'failed'
}

/** Draws a cell a window and row. Blue to the threshold, red beyond it: told apart by every kind of colour vision. */
export function drawHeat(
  canvas: HTMLCanvasElement,
  {
    rows,
    columns,
    width,
    rowHeight,
    colours,
  }: {
    rows: { cells: (HeatCell | undefined)[] }[]
    columns: number
    width: number
    rowHeight: number
    colours: ChartColours
  },
): void {
  const scale = devicePixelRatio || 1
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(rows.length * rowHeight * scale)
  const pen = canvas.getContext('2d')!
  pen.scale(scale, scale)
  const step = width / Math.max(1, columns)
  const gap = step > 5 ? 1 : 0
  const h = rowHeight - 1
  const shades = Array.from({ length: 33 }, (_, i) => blend(colours.raised, colours.busy, (i / 32) ** 1.4))
  for (const [i, { cells }] of rows.entries()) {
    const y = i * rowHeight
    for (let j = 0; j < columns; j++) {
      const cell = cells[j]
      if (!cell) continue
      const x = j * step
      const w = Math.max(1, step - gap)
      const known = cell.state === 'ok' || cell.state === 'watch' || cell.state === 'violation'
      pen.fillStyle =
        cell.state === 'violation'
          ? colours.bad
          : cell.state === 'watch'
            ? blend(colours.raised, colours.warn, 0.6)
            : known && cell.heat !== null
              ? shades[Math.round(32 * Math.min(1, Math.max(0, cell.heat)))]!
              : colours.surface
      pen.fillRect(x, y, w, h)
      if (cell.state === 'violation') {
        pen.fillStyle = colours.surface
        const dot = Math.min(2.2, w / 4)
        pen.beginPath()
        pen.arc(x + w / 2, y + h / 2, dot, 0, 2 * Math.PI)
        pen.fill()
      } else if (!known || cell.heat === null) {
        const failed = cell.state === 'failed'
        pen.strokeStyle = failed ? colours.shade : colours.line
        pen.lineWidth = failed ? 1.6 : 1
        if (failed) pen.strokeRect(x + 0.8, y + 0.8, w - 1.6, h - 1.6)
        pen.beginPath()
        pen.moveTo(x + 1, y + h - 1)
        pen.lineTo(x + w - 1, y + 1)
        if (failed) {
          pen.moveTo(x + 1, y + 1)
          pen.lineTo(x + w - 1, y + h - 1)
        }
        pen.stroke()
      }
    }
  }
}

const parts = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))

/** A colour between two hex colours. */
function blend(from: string, to: string, share: number): string {
  const [a, b] = [parts(from), parts(to)]
  return `rgb(${a.map((one, i) => Math.round(one + (b[i]! - one) * share)).join(' ')})`
}

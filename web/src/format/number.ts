const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** A count with thousands separated: 12,345. */
export const count = (value: number | null | undefined) => (value == null ? '–' : whole.format(value))

/** A count in at most five characters: 12.3K. */
export const compact = (value: number | null | undefined) =>
  value == null ? '–' : Math.abs(value) < 10_000 ? whole.format(value) : short.format(value)

/** A measured value with four significant digits, never in exponent form unless it is tiny or huge. */
export function measure(value: number | null | undefined, digits = 4): string {
  if (value == null || Number.isNaN(value)) return '–'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size < 1e-4 || size >= 1e9) return value.toExponential(2).replaceAll('-', '−')
  if (Number.isInteger(value)) return whole.format(value).replace('-', '−')
  return (size >= 10_000 ? whole.format(value) : String(Number(value.toPrecision(digits)))).replace('-', '−')
}

/** A share of one as percent: 0.273 → 27.3 %. */
export function percent(value: number | null | undefined, digits = 1): string {
  if (value == null || Number.isNaN(value)) return '–'
  const text = (value * 100).toFixed(digits)
  return `${text.replace(/\.0+$/, '')} %`
}

export function bytes(value: number | null | undefined): string {
  if (value == null) return '–'
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let size = value
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`
}

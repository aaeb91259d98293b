import { displayed } from './displayed.ts'

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text of ours or of others, as text of HTML or of an attribute in double quotes. */
export const escaped = (text: string): string => displayed(text, 2000).replace(/[&<>"']/g, (c) => ENTITIES[c]!)

/** A name of others: isolated, so that its direction does not turn what follows; the whole name on hover when it is cut. */
export function named(name: string, longest = 60): string {
  const short = displayed(name, longest)
  const whole = [...name].length > longest ? ` title="${escaped(name)}"` : ''
  return `<bdi${whole}>${escaped(short)}</bdi>`
}

/** A number of four digits; – where there is none. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  if (size >= 10_000 && Number.isInteger(value)) return value.toLocaleString('en')
  return String(Number(value.toPrecision(4)))
}

/** A share as a percentage. */
export const percent = (share: number): string =>
  Number.isFinite(share) ? `${share > 0 && share < 0.0001 ? '<0.01' : Number((share * 100).toFixed(2))} %` : '–'

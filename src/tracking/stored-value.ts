/** NaN is stored as Infinity: SQLite has no NaN, and infinities themselves are clamped as MLflow does. */
export function toStored(value: number): number {
  if (Number.isNaN(value)) return Number.POSITIVE_INFINITY
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value))
}

/** The value that `toStored` was given, but for clamped infinities. */
export const fromStored = (value: number): number => (value === Number.POSITIVE_INFINITY ? Number.NaN : value)

/** A table that callers look into by names of their own: without those that every object of JavaScript has (`constructor`). */
export const namedFields = <Value>(table: Record<string, Value>): Readonly<Record<string, Value>> =>
  Object.assign(Object.create(null) as Record<string, Value>, table)

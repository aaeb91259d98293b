/** One field that differs between two documents. */
export interface FieldDifference {
  /** `steps.fit.resources.cpus`; empty for the whole document */
  field: string
  /** absent when the field is new */
  from?: unknown
  /** absent when the field goes */
  to?: unknown
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The fields in which `after` differs from `before`, named as deep as they can be; lists are compared whole unless of one length. */
export function fieldDifferences(before: unknown, after: unknown, field = ''): FieldDifference[] {
  const inner = (key: string) => (field === '' ? key : `${field}.${key}`)
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return keys.flatMap((key) => fieldDifferences(before[key], after[key], inner(key)))
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, i) => fieldDifferences(item, after[i], `${field}[${i}]`))
  if (JSON.stringify(sorted(before)) === JSON.stringify(sorted(after))) return []
  return [{ field, ...(before === undefined ? {} : { from: before }), ...(after === undefined ? {} : { to: after }) }]
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : isObject(value)
      ? Object.fromEntries(
          Object.keys(value)
            .sort()
            .filter((key) => value[key] !== undefined)
            .map((key) => [key, sorted(value[key])]),
        )
      : value

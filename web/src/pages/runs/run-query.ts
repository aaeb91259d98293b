const condition = /[<>=]|\b(like|ilike|in|is)\b|\b(metrics?|params?|tags?|attributes?)\./i

/** A condition of the filter language; else it is words that the name of a run must contain. */
export const isCondition = (text: string) => condition.test(text)

/** The page's filter as the API's: an expression as it is, words as conditions on the name. */
export function runFilter(text: string): string | undefined {
  const filter = text.trim()
  if (!filter) return undefined
  if (isCondition(filter)) return filter
  return filter
    .split(/\s+/)
    .map((word) => `attributes.run_name ILIKE '%${word.replaceAll("'", "''")}%'`)
    .join(' AND ')
}

/** `-metrics.auc` → `metrics.`auc` DESC`. */
export function runOrder(sorted: string): string {
  const [, minus, kind, key] = /^(-?)(?:(metrics|params)\.)?(.*)$/.exec(sorted)!
  return `${kind ? `${kind}.\`${key}\`` : `attributes.${key}`} ${minus ? 'DESC' : 'ASC'}`
}

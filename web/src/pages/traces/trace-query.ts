import { isCondition as isRunCondition } from '../runs/run-query.ts'

const condition =
  /\b(status|state|name|span|trace|feedback|expectation|metadata|timestamp|execution_time|run_id)\b\s*[.=<>!]/i

/** A condition of the filter language; else it is words that the trace must contain. */
export const isCondition = (text: string) => condition.test(text) || isRunCondition(text)

/** The page's filter as the API's: an expression as it is, words as conditions on the name and the text of the spans. */
export function traceFilter(text: string): string | undefined {
  const filter = text.trim()
  if (!filter) return undefined
  if (isCondition(filter)) return filter
  return filter
    .split(/\s+/)
    .map((word) => {
      const pattern = `'%${word.replaceAll("'", "''")}%'`
      return `(name ILIKE ${pattern} OR trace.text ILIKE ${pattern})`
    })
    .join(' AND ')
}

/** `-execution_time` → `execution_time DESC`. */
export const traceOrder = (sorted: string) => `${sorted.replace(/^-/, '')} ${sorted.startsWith('-') ? 'DESC' : 'ASC'}`

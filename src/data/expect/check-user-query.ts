import { KedgeError } from '../../errors.ts'
import type { RunEngine } from '../version/run-engine.ts'

/** Functions that reach beyond the rows of the query. */
const forbidden =
  /^(file|url|s3|hdfs|remote|cluster|mysql|postgresql|sqlite|mongodb|redis|odbc|jdbc|executable|dictGet|dictHas|joinGet|catboost|sleep|throwIf|getSetting|currentUser|hostName|fqdn|tcpPort|serverUUID|buildId|uptime|filesystem|getServerSetting|getMaxTable|addressTo|demangle|azureBlob|iceberg|deltaLake|hudi|gcs|cosn|oss|merge|numbers_mt|input|view|generateRandom|fuzz|null|loop|timeSeries|arrowFlight|python|ytsaurus|paimon|prometheus)/i

/**
 * Refuses a query that reads anything but the table `rows` and its own named subqueries, sets settings, or is more than one
 * SELECT. The engine's own parser says what is in it, and gives the text that may stand in another query: whole, without
 * comments. Errors: `invalid_input`.
 */
export async function checkUserQuery(engine: RunEngine, query: string, where: string): Promise<string> {
  const refuse = (what: string, cause?: unknown) =>
    new KedgeError('invalid_input', { what: `${where}: ${what}`, problem: what, subject: query }, { cause })
  if (!/^\s*(select|with)\b/i.test(query)) throw refuse('only a SELECT is allowed')
  let whole: string
  let tree: { explain: string }[]
  try {
    const [row] = await engine.query<{ text: string }>('SELECT formatQuerySingleLine({query:String}) AS text', {
      query,
    })
    whole = row!.text
    tree = await engine.query<{ explain: string }>(`SELECT explain FROM (EXPLAIN AST ${whole})`)
  } catch (cause) {
    throw refuse(`the query is wrong: ${cause instanceof Error ? cause.message.slice(0, 500) : ''}`, cause)
  }
  const lines = tree.map(({ explain }) => ({ depth: explain.search(/\S/), text: explain.trim() }))
  const named = new Set(['rows'])
  for (const { text } of lines) {
    const found = /^WithElement (\S+)/.exec(text)?.[1]
    if (found) named.add(found)
  }
  // older trees do not name the elements: the names are in the text
  for (const [, name] of query.matchAll(/(?:\bwith|,)\s+([A-Za-z_]\w*)\s+as\s*\(/gi)) named.add(name!)
  for (const [i, { text, depth }] of lines.entries()) {
    if (/^Set\b/.test(text)) throw refuse('settings are not allowed')
    const called = /^Function (\S+)/.exec(text)?.[1]
    if (called && forbidden.test(called)) throw refuse(`the function ${called} is not allowed`)
    const table = /^TableIdentifier (\S+)/.exec(text)?.[1]
    if (table && !named.has(table)) throw refuse(`only the table rows can be read, not ${table}`)
    const below = lines[i + 1]
    if (/^TableExpression/.test(text) && below && below.depth > depth && /^Function\b/.test(below.text))
      throw refuse('table functions are not allowed')
  }
  return whole
}

import { KedgeError } from '../../errors.ts'
import type { RunEngine } from '../version/run-engine.ts'

/** Functions that reach beyond the rows of the query. */
const forbidden =
  /^(file|url|s3|hdfs|remote|cluster|mysql|postgresql|sqlite|mongodb|redis|odbc|jdbc|executable|dict|joinGet|catboost|evalML|sleep|throwIf|current(User|Roles|Profiles)|default(Roles|Profiles)|enabled(Roles|Profiles)|hostName|fqdn|tcpPort|serverUUID|buildId|uptime|filesystem|get(Setting|ServerSetting|MaxTable|Macro|ClientHTTPHeader|OSKernel)|showCertificate|addressTo|demangle|logTrace|connectionId|(initial)?queryI|hasColumnInTable|zookeeper|transaction|ai[A-Z_]|llm|azureBlob|iceberg|deltaLake|hudi|gcs|cosn|oss|merge|numbers_mt|input|view|generateRandom|fuzz|null$|loop|timeSeries|arrowFlight|python|ytsaurus|paimon|prometheus)/i

/** The right side of these may be a table by its bare name. */
const membership = /^(global)?(not)?(null)?in(IgnoreSet)?$/i

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
  // trees do not always name the elements: the names are in the text
  for (const [, name] of whole.matchAll(/(?:\bwith|,)\s+`?([A-Za-z_]\w*)`?\s+as\s*\(/gi)) named.add(name!)
  // what is named in one place of the query means the engine's own table of that name in another
  const [taken] = await engine.query<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN {names:Array(String)} LIMIT 1',
    { names: [...named] },
  )
  if (taken) throw refuse(`${taken.name} cannot be the name of a subquery`)
  for (const [i, { text, depth }] of lines.entries()) {
    if (/^Set\b/.test(text)) throw refuse('settings are not allowed')
    const called = /^Function (\S+)/.exec(text)?.[1]
    if (called && forbidden.test(called)) throw refuse(`the function ${called} is not allowed`)
    if (called && membership.test(called)) {
      const end = lines.findIndex((line, j) => j > i && line.depth <= depth)
      for (const inner of lines.slice(i + 1, end === -1 ? undefined : end)) {
        const bare = inner.depth === depth + 2 && /^Identifier (\S+)/.exec(inner.text)?.[1]
        // the left side is a column, which no table of the engine is called
        if (bare && inner !== lines[i + 2] && !named.has(bare))
          throw refuse(`only the table rows can be read, not ${bare}`)
      }
    }
    const table = /^TableIdentifier (\S+)/.exec(text)?.[1]
    if (table && !named.has(table)) throw refuse(`only the table rows can be read, not ${table}`)
    const below = lines[i + 1]
    if (/^TableExpression/.test(text) && below && below.depth > depth && /^Function\b/.test(below.text))
      throw refuse('table functions are not allowed')
  }
  return whole
}

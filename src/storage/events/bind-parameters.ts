/** An SQL string literal. */
export const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** What is no placeholder even if it looks like one, then a placeholder `{name:Type}`. */
const TOKENS =
  /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|`(?:[^`\\]|\\[\s\S])*`|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|\{\s*([A-Za-z_]\w*)\s*:\s*([^{}]+?)\s*\}/g

/** A map or tuple in the text form of a parameter consists of these and of nothing else, so it can do no harm as SQL. */
const VALUE_TOKENS = /'(?:[^'\\]|\\[\s\S])*'|[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|inf|nan)|NULL|TRUE|FALSE|[{}[\](),:]|\s+/gi
const AS_SQL: Record<string, string> = { '{': 'map(', '}': ')', ':': ',' }

const ESCAPES: Record<string, string> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', 0: '\0' }
const unescaped = (text: string) => text.replace(/\\([\s\S])/g, (_, letter: string) => ESCAPES[letter] ?? letter)

class ParameterError extends Error {}

function compound(name: string, type: string, text: string): string {
  const tokens = text.match(VALUE_TOKENS) ?? []
  if (tokens.join('') !== text)
    throw new ParameterError(
      `Code: 457. DB::Exception: Value of parameter '${name}' cannot be parsed as ${type}. (BAD_QUERY_PARAMETER)`,
    )
  return tokens.map((token) => AS_SQL[token] ?? token).join('')
}

function expression(name: string, type: string, text: string): string {
  if (type === 'Identifier') return `\`${unescaped(text).replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
  if (text === '\\N') return `_CAST(NULL, ${quote(type)})`
  if (/\b(Map|Tuple)\b/.test(type)) return `_CAST(${compound(name, type, text)}, ${quote(type)})`
  if (type === 'String') return quote(unescaped(text))
  return `_CAST(${quote(type.startsWith('Array') ? text : unescaped(text))}, ${quote(type)})`
}

/**
 * Puts the values of `{name:Type}` into the SQL as quoted literals of that type, as ClickHouse's own binding does.
 * chDB could bind them itself, but a query that it has bound cannot be stopped any more, and it binds for one query at a time.
 * `params` are in the text form of the HTTP interface's `param_*`.
 */
export function bindParameters(sql: string, params: Record<string, string>): string {
  return sql.replace(TOKENS, (token, _tag, name?: string, type?: string) => {
    if (name === undefined || type === undefined) return token
    const text = Object.hasOwn(params, name) ? params[name] : undefined
    if (text === undefined)
      throw new ParameterError(
        `Code: 456. DB::Exception: Substitution \`${name}\` is not set. (UNKNOWN_QUERY_PARAMETER)`,
      )
    return expression(name, type, text)
  })
}

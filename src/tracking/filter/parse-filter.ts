import { filterError, filterTokens, type Token } from './filter-tokens.ts'

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE' | 'ILIKE' | 'RLIKE' | 'IN' | 'IS NULL'

export interface Comparison {
  kind: 'compare'
  /** what stands before the dot, in lower case; undefined for a bare name */
  entity: string | undefined
  key: string
  operator: Operator
  /** `NOT IN`, `NOT LIKE`, `IS NOT NULL` */
  negated: boolean
  value: string | number | (string | number)[] | null
  /** the values as they were written, without quotes: a number that is compared with text is text */
  written: readonly string[]
  at: number
}

export type Filter = Comparison | { kind: 'and' | 'or'; items: Filter[] } | { kind: 'not'; item: Filter }

const deepest = 200
/** each of them is looked at for each run */
const mostComparisons = 256

/**
 * Parses MLflow's filter language, with `OR`, `NOT` and parentheses besides its `AND`. Undefined for an empty filter.
 * Errors: `filter_invalid`, pointing at the character.
 */
export function parseFilter(filter: string): Filter | undefined {
  const tokens = filterTokens(filter)
  let position = 0
  let depth = 0
  let comparisons = 0
  let written: string[] = []
  const peek = () => tokens[position]!
  const take = () => tokens[position++]!
  const fail = (token: Token, what: string) => filterError(filter, token.at, what)
  const isWord = (token: Token, word: string) => token.kind === 'word' && token.value.toUpperCase() === word
  const accept = (word: string) => isWord(peek(), word) && !!take()
  const expect = (sign: string) => {
    const token = take()
    if (token.kind !== 'sign' || token.value !== sign) throw fail(token, `"${sign}" is missing here`)
  }

  function chain(word: 'OR' | 'AND', kind: 'or' | 'and', operand: () => Filter): Filter {
    const items = [operand()]
    while (accept(word)) items.push(operand())
    return items.length === 1 ? items[0]! : { kind, items }
  }
  const disjunction = (): Filter => chain('OR', 'or', () => chain('AND', 'and', unary))

  function unary(): Filter {
    if (++depth > deepest) throw fail(peek(), 'the filter is nested too deeply')
    try {
      if (accept('NOT')) return { kind: 'not', item: unary() }
      if (peek().kind === 'sign' && peek().value === '(') {
        take()
        const inner = disjunction()
        expect(')')
        return inner
      }
      return comparison()
    } finally {
      depth--
    }
  }

  function comparison(): Comparison {
    const { at } = peek()
    if (++comparisons > mostComparisons) throw fail(peek(), `a filter has at most ${mostComparisons} comparisons`)
    written = []
    const { entity, key } = identifier()
    const token = take()
    const compare = (operator: Operator, negated: boolean, value: Comparison['value']): Comparison => ({
      kind: 'compare',
      entity,
      key,
      operator,
      negated,
      value,
      written,
      at,
    })
    if (token.kind === 'sign' && /^(=|==|!=|<>|<|<=|>|>=)$/.test(token.value)) {
      const operator = token.value === '==' ? '=' : token.value === '<>' ? '!=' : (token.value as Operator)
      return compare(operator, false, literal())
    }
    if (isWord(token, 'IS')) {
      const negated = accept('NOT')
      if (!accept('NULL')) throw fail(peek(), '"NULL" is missing here')
      return compare('IS NULL', negated, null)
    }
    const negated = isWord(token, 'NOT')
    const word = negated ? take() : token
    const operator = word.kind === 'word' ? word.value.toUpperCase() : ''
    if (operator === 'IN') return compare('IN', negated, list())
    if (operator === 'LIKE' || operator === 'ILIKE' || operator === 'RLIKE')
      return compare(operator, negated, literal())
    throw fail(word, 'a comparison (=, !=, <, <=, >, >=, LIKE, ILIKE, RLIKE, IN, NOT IN, IS NULL) is missing here')
  }

  function identifier(): { entity: string | undefined; key: string } {
    const token = take()
    if (token.kind === 'quoted' || token.kind === 'text') {
      const [entity, key] = splitKey(token.value)
      return { entity, key }
    }
    if (token.kind !== 'word') throw fail(token, 'the name of a field is missing here')
    if (token.value.endsWith('.')) {
      const key = take()
      if (key.kind !== 'quoted' && key.kind !== 'text') throw fail(key, 'a key is missing after the dot')
      return { entity: token.value.slice(0, -1).toLowerCase(), key: key.value }
    }
    const [entity, key] = splitKey(token.value)
    return { entity, key }
  }

  function literal(): string | number {
    const token = take()
    written.push(token.value)
    if (token.kind === 'text') return token.value
    if (token.kind === 'number') return Number(token.value)
    if (token.kind === 'word' && /^(nan|infinity|inf|true|false)$/i.test(token.value)) return token.value
    throw fail(token, 'a value is missing here: a number, or text in quotes')
  }

  function list(): (string | number)[] {
    expect('(')
    const values = [literal()]
    while (peek().kind === 'sign' && peek().value === ',') {
      take()
      if (peek().kind === 'sign' && peek().value === ')') break
      values.push(literal())
    }
    expect(')')
    return values
  }

  if (peek().kind === 'end') return undefined
  const result = disjunction()
  if (peek().kind !== 'end') throw fail(peek(), '"AND" or "OR" is missing here')
  return result
}

function splitKey(name: string): [string | undefined, string] {
  const dot = name.indexOf('.')
  return dot < 0 ? [undefined, name] : [name.slice(0, dot).toLowerCase(), name.slice(dot + 1)]
}

// longer than most: the grammar is one piece
import type { ColumnType } from '../../contracts/column.ts'
import type { Expression } from '../../contracts/curation.ts'
import { expressionError, type Token, tokens } from '../../contracts/expression-tokens.ts'
import { convert } from './conversion.ts'
import { functions } from './functions.ts'
import { nearest } from './nearest.ts'
import { quoteText } from './sql-text.ts'

/** A part of an expression; literals remember their value so that they can take another type. */
interface Part extends Expression {
  literal?: string | number | boolean | null
  /** of a type that nobody knows yet: whatever is done with it may be right */
  unknown?: true
}

/** What a column counts as before the source has been looked at. */
const unknown = { sql: 'NULL', type: 'text', literal: null, unknown: true } as const satisfies Part

const isNumber = (type: ColumnType) => type === 'int' || type === 'float'
const isMoment = (type: ColumnType) => type === 'time' || type === 'date'
const deepest = 100

/** A time in the engine's SQL, or nothing when the text is none. */
function momentLiteral(text: string, type: ColumnType): string | undefined {
  const time = Date.parse(
    /^\d{4}-\d\d-\d\d$/.test(text) || /[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(' ', 'T')}Z`,
  )
  if (Number.isNaN(time)) return undefined
  const sql = `fromUnixTimestamp64Micro(toInt64(${time * 1000}), 'UTC')`
  return type === 'date' ? `toDate32(${sql})` : sql
}

/**
 * Compiles an expression of Kedge's language over `names` to the engine's SQL: numbers, 'texts', columns (also in `` ` ``
 * or "), + - * / %, = != < <= > >=, and or not, in (…), between, like, is null, ||, and the functions of `functions.ts`.
 * Nothing else gets through: no query, table or setting. Errors: `invalid_input` with the position.
 */
export function compileExpression(text: string, names: ReadonlyMap<string, Expression>): Expression {
  const list = tokens(text)
  let next = 0
  let depth = 0
  const peek = () => list[next]!
  const take = () => list[next++]!
  const fail = (token: Token, what: string) => expressionError(text, token.at, what)
  const isWord = (word: string, ahead = 0) => {
    const token = list[next + ahead]
    return token?.kind === 'name' && token.text.toLowerCase() === word
  }
  const isSign = (...signs: string[]) => peek().kind === 'sign' && signs.includes(peek().text)
  const accept = (sign: string) => isSign(sign) && take()
  const need = (sign: string) => {
    if (!accept(sign))
      throw fail(peek(), `"${sign}" is missing${peek().kind === 'end' ? ' at the end' : ` before "${peek().text}"`}`)
  }
  const needType = (part: Part, token: Token, what: string, good: (type: ColumnType) => boolean) => {
    if (part.literal !== null && !good(part.type)) throw fail(token, `needs ${what}, not ${part.type}`)
  }

  function or(): Part {
    if (++depth > deepest) throw fail(peek(), 'is nested too deeply')
    let left = and()
    while (isWord('or')) left = logic(left, take(), and, 'OR')
    depth--
    return left
  }
  function and(): Part {
    let left = not()
    while (isWord('and')) left = logic(left, take(), not, 'AND')
    return left
  }
  function logic(left: Part, token: Token, parse: () => Part, operator: string): Part {
    const right = parse()
    for (const side of [left, right]) needType(side, token, 'true or false on both sides', (type) => type === 'bool')
    return { sql: `(${left.sql} ${operator} ${right.sql})`, type: 'bool' }
  }
  function not(): Part {
    if (!isWord('not')) return comparison()
    if (++depth > deepest) throw fail(peek(), 'is nested too deeply')
    const token = take()
    const part = not()
    depth--
    needType(part, token, 'true or false', (type) => type === 'bool')
    return { sql: `(NOT ${part.sql})`, type: 'bool' }
  }

  function comparison(): Part {
    const left = sum()
    const token = peek()
    if (isSign('=', '==', '!=', '<>', '<', '<=', '>', '>=')) {
      const sign = take().text
      const [a, b] = comparable(left, sum(), token)
      return { sql: `(${a} ${sign === '==' ? '=' : sign === '<>' ? '!=' : sign} ${b})`, type: 'bool' }
    }
    if (isWord('is')) {
      take()
      const negated = isWord('not') && take()
      if (!isWord('null')) throw fail(peek(), '"is" is followed by null or not null')
      take()
      return { sql: `(${left.sql} IS ${negated ? 'NOT ' : ''}NULL)`, type: 'bool' }
    }
    const negated = isWord('not') && (isWord('in', 1) || isWord('between', 1) || isWord('like', 1)) ? take() : undefined
    const not = negated ? 'NOT ' : ''
    if (isWord('in')) {
      take()
      need('(')
      const values: string[] = []
      do {
        const at = peek()
        const value = unary()
        if (value.literal === undefined || value.literal === null) throw fail(at, '"in" lists constants')
        values.push(comparable(left, value, at)[1])
      } while (accept(','))
      need(')')
      return { sql: `(${left.sql} ${not}IN (${values.join(', ')}))`, type: 'bool' }
    }
    if (isWord('between')) {
      take()
      const [a, low] = comparable(left, sum(), token)
      if (!isWord('and')) throw fail(peek(), '"between" needs "and"')
      take()
      const [, high] = comparable(left, sum(), token)
      return { sql: `(${a} ${not}BETWEEN ${low} AND ${high})`, type: 'bool' }
    }
    if (isWord('like')) {
      take()
      const pattern = unary()
      needType(left, token, 'a text', (type) => type === 'text')
      if (typeof pattern.literal !== 'string') throw fail(token, '"like" needs a constant text')
      return { sql: `(${left.sql} ${not}LIKE ${pattern.sql})`, type: 'bool' }
    }
    return left
  }

  /** Both sides as SQL of one type. */
  function comparable(a: Part, b: Part, token: Token): [string, string] {
    if (a.unknown || b.unknown) return [a.sql, b.sql]
    if (a.literal === null || b.literal === null) throw fail(token, 'compare with "is null"')
    if (a.type === b.type || (isNumber(a.type) && isNumber(b.type))) return [a.sql, b.sql]
    for (const [moment, text, swapped] of [
      [a, b, false],
      [b, a, true],
    ] as const)
      if (isMoment(moment.type) && typeof text.literal === 'string') {
        const sql = momentLiteral(text.literal, moment.type)
        if (!sql) throw fail(token, `'${text.literal}' is no ${moment.type}`)
        return swapped ? [sql, moment.sql] : [moment.sql, sql]
      }
    if (isMoment(a.type) && isMoment(b.type)) return [convert(a.sql, a.type, 'time'), convert(b.sql, b.type, 'time')]
    throw fail(token, `cannot compare ${a.type} with ${b.type}`)
  }

  function sum(): Part {
    let left = product()
    while (isSign('+', '-', '||')) {
      const token = take()
      const right = product()
      if (token.text === '||') {
        for (const side of [left, right]) needType(side, token, 'texts on both sides', (type) => type === 'text')
        left = { sql: `concat(${left.sql}, ${right.sql})`, type: 'text' }
      } else left = arithmetic(left, right, token, (a, b) => `(${a} ${token.text} ${b})`)
    }
    return left
  }
  function product(): Part {
    let left = unary()
    while (isSign('*', '/', '%')) {
      const token = take()
      const right = unary()
      if (token.text === '/')
        left = { ...arithmetic(left, right, token, (a, b) => `divideOrNull(${a}, ${b})`), type: 'float' }
      else if (token.text === '%') left = arithmetic(left, right, token, (a, b) => `moduloOrNull(${a}, ${b})`)
      else left = arithmetic(left, right, token, (a, b) => `(${a} * ${b})`)
    }
    return left
  }
  function arithmetic(a: Part, b: Part, token: Token, sql: (a: string, b: string) => string): Part {
    for (const side of [a, b]) needType(side, token, 'numbers on both sides', isNumber)
    return { sql: sql(a.sql, b.sql), type: a.type === 'int' && b.type === 'int' ? 'int' : 'float' }
  }
  function unary(): Part {
    if (!isSign('-', '+')) return primary()
    if (++depth > deepest) throw fail(peek(), 'is nested too deeply')
    const token = take()
    const part = unary()
    depth--
    needType(part, token, 'a number', isNumber)
    if (token.text === '+') return part
    if (part.unknown) return part
    return {
      sql: `(-${part.sql})`,
      type: part.type,
      ...(typeof part.literal === 'number' ? { literal: -part.literal } : {}),
    }
  }

  function primary(): Part {
    const token = take()
    if (token.kind === 'number') return numberLiteral(token)
    if (token.kind === 'text') return { sql: quoteText(token.text), type: 'text', literal: token.text }
    if (token.kind === 'sign' && token.text === '(') {
      const inner = or()
      need(')')
      return { ...inner, sql: `(${inner.sql})` }
    }
    if (token.kind === 'name') {
      const word = token.text.toLowerCase()
      if (isSign('(')) return application(token, word)
      if (!names.has(token.text)) {
        if (word === 'true' || word === 'false') return { sql: word, type: 'bool', literal: word === 'true' }
        if (word === 'null') return { sql: 'NULL', type: 'text', literal: null }
      }
    }
    if (token.kind === 'name' || token.kind === 'quoted') {
      const found = names.get(token.text)
      if (found) return found === unknown ? unknown : { sql: found.sql, type: found.type }
      const hint = nearest(token.text, [...names.keys()])
      throw fail(token, `there is no column ${token.text}${hint ? `; did you mean ${hint}?` : ''}`)
    }
    throw fail(token, token.kind === 'end' ? 'ends too early' : `"${token.text}" is out of place`)
  }

  function numberLiteral(token: Token): Part {
    const value = Number(token.text)
    if (!Number.isFinite(value)) throw fail(token, 'is too large a number')
    const whole = /^\d+$/.test(token.text) && Number.isSafeInteger(value)
    return { sql: whole ? `toInt64(${value})` : `toFloat64(${value})`, type: whole ? 'int' : 'float', literal: value }
  }

  function application(token: Token, word: string): Part {
    const definition = Object.hasOwn(functions, word) ? functions[word] : undefined
    if (!definition) {
      const hint = nearest(word, Object.keys(functions))
      throw fail(token, `there is no function ${token.text}${hint ? `; did you mean ${hint}?` : ''}`)
    }
    need('(')
    const args: Part[] = []
    const ats: Token[] = []
    if (!isSign(')'))
      do {
        ats.push(peek())
        args.push(or())
      } while (accept(','))
    need(')')
    const most = definition.repeats ? 100 : definition.takes.length
    const least = definition.takes.length - (definition.optional ?? 0)
    if (args.length < least || args.length > most)
      throw fail(token, `${word} takes ${least === most ? least : `${least} to ${most}`} values, not ${args.length}`)
    args.forEach((arg, i) => {
      const kind = definition.takes[Math.min(i, definition.takes.length - 1)]!
      needType(
        arg,
        ats[i]!,
        `${kind === 'number' ? 'a number' : kind === 'moment' ? 'a time or date' : `a value of type ${kind}`} in ${word}`,
        (type) =>
          kind === 'any' || (kind === 'number' ? isNumber(type) : kind === 'moment' ? isMoment(type) : kind === type),
      )
    })
    if ((definition.gives === 'first' || definition.gives === 'common') && args.some((arg) => arg.unknown))
      return unknown
    if (definition.gives === 'first') return { sql: definition.sql(args), type: args[0]!.type }
    if (definition.gives === 'common') return common(definition, args, token, word === 'if' ? 1 : 0)
    return { sql: definition.sql(args), type: definition.gives }
  }

  /** A function whose values, from `from` on, must have one type, which is its own. */
  function common(definition: (typeof functions)[string], args: Part[], token: Token, from: number): Part {
    const types = new Set(
      args
        .slice(from)
        .filter((arg) => arg.literal !== null)
        .map((arg) => arg.type),
    )
    if (types.size === 2 && types.has('int') && types.has('float')) types.delete('int')
    if (types.size > 1) throw fail(token, `mixes ${[...types].join(' and ')}`)
    const type = [...types][0] ?? 'text'
    const same = args.map((arg, i) =>
      i < from || arg.literal === null ? arg : { ...arg, sql: convert(arg.sql, arg.type, type) },
    )
    return { sql: definition.sql(same), type }
  }

  const whole = or()
  if (peek().kind !== 'end') throw fail(peek(), `"${peek().text}" is out of place`)
  return { sql: whole.sql, type: whole.type }
}

const words = new Set(['true', 'false', 'null'])
const anyName = {
  has: (name: string) => !words.has(name.toLowerCase()),
  get: () => unknown,
  keys: () => [].values(),
} as unknown as ReadonlyMap<string, Expression>

/** Checks an expression as far as that is possible without knowing the columns. Errors: `invalid_input` with the position. */
export const checkExpression = (text: string): void => void compileExpression(text, anyName)

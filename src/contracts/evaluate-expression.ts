// longer than most: the grammar is one piece, and the functions stand beside it
import type { ColumnType } from './column.ts'
import { expressionError, type Token, tokens } from './expression-tokens.ts'

/** A value as programs have it: times and dates in milliseconds since 1970. */
export type Value = number | string | boolean | null
/** The value of an expression for a row. */
export type Evaluate = (row: Readonly<Record<string, Value>>) => Value
type Part = { of: Evaluate; type: ColumnType | 'unknown' }

const number = (fn: (...values: number[]) => number) => (values: Value[]) => {
  if (values.includes(null)) return null
  const result = fn(...(values as number[]))
  return Number.isFinite(result) ? result : null
}
const text = (fn: (...values: string[]) => Value) => (values: Value[]) =>
  values.includes(null) ? null : fn(...(values as string[]))
const moment = (fn: (date: Date) => number) => (values: Value[]) =>
  values[0] === null ? null : fn(new Date(values[0] as number))
/** The engine rounds a half to the even neighbour. */
const even = (x: number) => {
  const down = Math.floor(x)
  const rest = x - down
  if (rest !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
}
const known = (values: Value[]) => values.filter((value) => value !== null) as never[]
const pick = (better: (a: never, b: never) => boolean) => (values: Value[]) =>
  known(values).reduce<Value>((best, one) => (best === null || better(one, best as never) ? one : best), null)
const symbols = (value: string) => [...value]

const functions: Record<string, { gives: ColumnType | 'first' | 'second'; of(values: Value[]): Value }> = {
  abs: { gives: 'first', of: number(Math.abs) },
  sign: { gives: 'int', of: number(Math.sign) },
  round: { gives: 'float', of: number((x, digits = 0) => even(x * 10 ** digits) / 10 ** digits) },
  floor: { gives: 'float', of: number(Math.floor) },
  ceil: { gives: 'float', of: number(Math.ceil) },
  sqrt: { gives: 'float', of: number(Math.sqrt) },
  exp: { gives: 'float', of: number(Math.exp) },
  log: { gives: 'float', of: number(Math.log) },
  log10: { gives: 'float', of: number(Math.log10) },
  pow: { gives: 'float', of: number((x, y) => x ** y) },
  sin: { gives: 'float', of: number(Math.sin) },
  cos: { gives: 'float', of: number(Math.cos) },
  least: { gives: 'first', of: pick((a, b) => a < b) },
  greatest: { gives: 'first', of: pick((a, b) => a > b) },
  coalesce: { gives: 'first', of: (values) => known(values)[0] ?? null },
  if: { gives: 'second', of: ([condition, yes, no]) => (condition === true ? yes! : no!) },
  lower: { gives: 'text', of: text((x) => x.toLowerCase()) },
  upper: { gives: 'text', of: text((x) => x.toUpperCase()) },
  trim: { gives: 'text', of: text((x) => x.replace(/^ +| +$/g, '')) },
  length: { gives: 'int', of: text((x) => symbols(x).length) },
  substring: {
    gives: 'text',
    of(values) {
      if (values.includes(null)) return null
      const [x, from, length] = values as [string, number, number | undefined]
      const start = Math.max(1, from) - 1
      return symbols(x)
        .slice(start, length === undefined ? undefined : start + Math.max(0, length))
        .join('')
    },
  },
  concat: { gives: 'text', of: text((...values) => values.join('')) },
  replace: { gives: 'text', of: text((x, from, to) => (from === '' ? x : x.replaceAll(from, () => to))) },
  starts_with: { gives: 'bool', of: text((x, y) => x.startsWith(y)) },
  ends_with: { gives: 'bool', of: text((x, y) => x.endsWith(y)) },
  contains: { gives: 'bool', of: text((x, y) => x.includes(y)) },
  year: { gives: 'int', of: moment((date) => date.getUTCFullYear()) },
  quarter: { gives: 'int', of: moment((date) => Math.floor(date.getUTCMonth() / 3) + 1) },
  month: { gives: 'int', of: moment((date) => date.getUTCMonth() + 1) },
  day: { gives: 'int', of: moment((date) => date.getUTCDate()) },
  weekday: { gives: 'int', of: moment((date) => date.getUTCDay() || 7) },
  hour: { gives: 'int', of: moment((date) => date.getUTCHours()) },
  minute: { gives: 'int', of: moment((date) => date.getUTCMinutes()) },
  second: { gives: 'int', of: moment((date) => date.getUTCSeconds()) },
  days_between: { gives: 'float', of: number((from, to) => (to - from) / 86_400_000) },
  hours_between: { gives: 'float', of: number((from, to) => (to - from) / 3_600_000) },
  seconds_between: { gives: 'float', of: number((from, to) => (to - from) / 1000) },
  milliseconds: { gives: 'int', of: ([x]) => x! },
}

/**
 * Compiles an expression of Kedge's language to a function, with the values that the engine's SQL of it has
 * (`compileExpression`, which checks it). Errors: `invalid_input` for a function that only the engine has, with the position.
 */
export function evaluateExpression(
  source: string,
  types: ReadonlyMap<string, ColumnType>,
): { evaluate: Evaluate; reads: string[] } {
  const list = tokens(source)
  const reads = new Set<string>()
  let next = 0
  const peek = () => list[next]!
  const take = () => list[next++]!
  const isWord = (word: string, ahead = 0) => {
    const token = list[next + ahead]
    return token?.kind === 'name' && token.text.toLowerCase() === word
  }
  const isSign = (...signs: string[]) => peek().kind === 'sign' && signs.includes(peek().text)
  const accept = (sign: string) => isSign(sign) && take()
  const bool = (of: Evaluate): Part => ({ of, type: 'bool' })

  function or(): Part {
    let left = and()
    while (isWord('or')) {
      take()
      const [a, b] = [left.of, and().of]
      left = bool((row) => {
        const [x, y] = [a(row), b(row)]
        return x === true || y === true ? true : x === null || y === null ? null : false
      })
    }
    return left
  }
  function and(): Part {
    let left = not()
    while (isWord('and')) {
      take()
      const [a, b] = [left.of, not().of]
      left = bool((row) => {
        const [x, y] = [a(row), b(row)]
        return x === false || y === false ? false : x === null || y === null ? null : true
      })
    }
    return left
  }
  function not(): Part {
    if (!isWord('not')) return comparison()
    take()
    const { of } = not()
    return bool((row) => negated(of(row)))
  }
  const negated = (value: Value) => (value === null ? null : !value)

  function comparison(): Part {
    const left = sum()
    if (isSign('=', '==', '!=', '<>', '<', '<=', '>', '>=')) {
      const sign = take().text
      return compared(left, sum(), sign)
    }
    if (isWord('is')) {
      take()
      const negative = isWord('not') && take()
      take()
      return bool((row) => (left.of(row) === null) !== Boolean(negative))
    }
    const negative = isWord('not') && (isWord('in', 1) || isWord('between', 1) || isWord('like', 1)) && take()
    const maybe = (of: Evaluate) => bool(negative ? (row) => negated(of(row)) : of)
    if (isWord('in')) {
      take()
      accept('(')
      const values: Part[] = []
      do values.push(compared(left, unary(), '='))
      while (accept(','))
      accept(')')
      return maybe((row) => (left.of(row) === null ? null : values.some(({ of }) => of(row) === true)))
    }
    if (isWord('between')) {
      take()
      const low = compared(left, sum(), '>=')
      take()
      const high = compared(left, sum(), '<=')
      return maybe((row) => {
        const [x, y] = [low.of(row), high.of(row)]
        return x === false || y === false ? false : x === null || y === null ? null : true
      })
    }
    if (isWord('like')) {
      take()
      const pattern = likePattern(String(unary().of({})))
      return maybe((row) => {
        const value = left.of(row)
        return value === null ? null : pattern.test(value as string)
      })
    }
    return left
  }

  function compared(left: Part, right: Part, sign: string): Part {
    const [a, b] = [inMoments(left, right), inMoments(right, left)]
    const test = comparisons[sign]!
    return bool((row) => {
      const [x, y] = [a(row), b(row)]
      return x === null || y === null ? null : test(x as never, y as never)
    })
  }
  /** A text beside a time is one. */
  const inMoments = ({ of, type }: Part, other: Part): Evaluate =>
    type === 'text' && (other.type === 'time' || other.type === 'date')
      ? (row) => {
          const value = of(row) as string | null
          return value === null ? null : momentOf(value)
        }
      : of

  function sum(): Part {
    let left = product()
    while (isSign('+', '-', '||')) {
      const { text: sign } = take()
      const right = product()
      if (sign === '||') left = { of: twice(left, right, (x, y) => `${x}${y}`), type: 'text' }
      else left = arithmetic(left, right, sign === '+' ? (x, y) => x + y : (x, y) => x - y)
    }
    return left
  }
  function product(): Part {
    let left = unary()
    while (isSign('*', '/', '%')) {
      const { text: sign } = take()
      const right = unary()
      if (sign === '*') left = arithmetic(left, right, (x, y) => x * y)
      else if (sign === '/')
        left = { of: twice(left, right, (x, y) => (y === 0 ? null : (x as number) / (y as number))), type: 'float' }
      else
        left = {
          ...arithmetic(left, right, () => 0),
          of: twice(left, right, (x, y) => (y === 0 ? null : (x as number) % (y as number))),
        }
    }
    return left
  }
  const twice =
    (a: Part, b: Part, fn: (x: Value, y: Value) => Value): Evaluate =>
    (row) => {
      const [x, y] = [a.of(row), b.of(row)]
      return x === null || y === null ? null : fn(x, y)
    }
  const arithmetic = (a: Part, b: Part, fn: (x: number, y: number) => number): Part => ({
    of: twice(a, b, (x, y) => fn(x as number, y as number)),
    type: a.type === 'int' && b.type === 'int' ? 'int' : 'float',
  })
  function unary(): Part {
    if (!isSign('-', '+')) return primary()
    const sign = take().text
    const part = unary()
    if (sign === '+') return part
    return {
      type: part.type,
      of: (row) => {
        const value = part.of(row)
        return value === null ? null : -(value as number)
      },
    }
  }

  function primary(): Part {
    const token = take()
    if (token.kind === 'number') {
      const value = Number(token.text)
      return { of: () => value, type: /^\d+$/.test(token.text) ? 'int' : 'float' }
    }
    if (token.kind === 'text') return { of: () => token.text, type: 'text' }
    if (token.kind === 'sign' && token.text === '(') {
      const inner = or()
      accept(')')
      return inner
    }
    const word = token.text.toLowerCase()
    if (token.kind === 'name' && isSign('(')) return application(token, word)
    const type = types.get(token.text)
    if (type === undefined && token.kind === 'name') {
      if (word === 'true' || word === 'false') return { of: () => word === 'true', type: 'bool' }
      if (word === 'null') return { of: () => null, type: 'unknown' }
    }
    if (type === undefined) throw expressionError(source, token.at, `"${token.text}" is not known here`)
    const name = token.text
    reads.add(name)
    return { of: (row) => row[name] ?? null, type }
  }

  function application(token: Token, word: string): Part {
    accept('(')
    const args: Part[] = []
    if (!isSign(')'))
      do args.push(or())
      while (accept(','))
    accept(')')
    const conversion = conversions[word]
    if (conversion) {
      const [from] = args as [Part]
      const type = word.slice(3) as ColumnType
      return { type, of: (row) => conversion(from.of(row), from.type) }
    }
    const found = Object.hasOwn(functions, word) ? functions[word]! : undefined
    if (!found) throw expressionError(source, token.at, `${token.text} can only be computed where rows are stored`)
    const { gives, of } = found
    const values = args.map((arg) => arg.of)
    return {
      type: gives === 'first' ? args[0]!.type : gives === 'second' ? args[1]!.type : gives,
      of: (row) => of(values.map((value) => value(row))),
    }
  }

  const { of } = or()
  return { evaluate: of, reads: [...reads] }
}

const comparisons: Record<string, (a: never, b: never) => boolean> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<>': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

function momentOf(text: string): number | null {
  const time = Date.parse(
    /^\d{4}-\d\d-\d\d$/.test(text) || /[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(' ', 'T')}Z`,
  )
  return Number.isNaN(time) ? null : time
}

const likePattern = (pattern: string) =>
  new RegExp(
    `^${[...pattern.matchAll(/\\.|./gs)]
      .map(([one]) =>
        one === '%'
          ? '[\\s\\S]*'
          : one === '_'
            ? '[\\s\\S]'
            : one!.replace(/^\\/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
      )
      .join('')}$`,
    'u',
  )

const truths: Record<string, boolean> = { true: true, t: true, yes: true, y: true, '1': true, false: false, f: false, no: false, n: false, '0': false } // biome-ignore format: a table
const whole = (value: number) => (Number.isInteger(value) ? value : null)

const conversions: Record<string, (value: Value, type: Part['type']) => Value> = {
  to_int: (value) =>
    typeof value === 'string'
      ? /^ *[+-]?\d+ *$/.test(value)
        ? Number(value)
        : null
      : value === null
        ? null
        : whole(Number(value)),
  to_float: (value) =>
    typeof value === 'string'
      ? value.trim() === '' || Number.isNaN(Number(value))
        ? null
        : Number(value)
      : value === null
        ? null
        : Number(value),
  to_text: (value, type) =>
    value === null
      ? null
      : type === 'time'
        ? `${new Date(value as number).toISOString().slice(0, 19)}Z`
        : type === 'date'
          ? new Date(value as number).toISOString().slice(0, 10)
          : String(value),
  to_bool: (value) =>
    typeof value === 'string'
      ? (truths[value.trim().toLowerCase()] ?? null)
      : typeof value === 'number'
        ? value === 1
          ? true
          : value === 0
            ? false
            : null
        : value,
}

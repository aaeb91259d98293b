import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Expression } from '../../contracts/curation.ts'
import { KedgeError } from '../../errors.ts'
import { checkExpression, compileExpression } from './compile-expression.ts'
import { functions } from './functions.ts'

const names = new Map<string, Expression>([
  ['delay', { sql: 'p.`delay`', type: 'int' }],
  ['share', { sql: 'p.`share`', type: 'float' }],
  ['date', { sql: 'p.`date`', type: 'time' }],
  ['day', { sql: 'p.`day`', type: 'date' }],
  ['origin', { sql: 'p.`origin`', type: 'text' }],
  ['late', { sql: 'p.`late`', type: 'bool' }],
  ['odd name', { sql: 'p.`odd name`', type: 'int' }],
])
const compile = (text: string) => compileExpression(text, names)

describe('expressions', () => {
  test.each([
    ['delay > 15', 'bool'],
    ['delay + 1', 'int'],
    ['delay / 2', 'float'],
    ['delay * 1.5', 'float'],
    ['-delay % 7', 'int'],
    ['hour(date) * 60 + minute(date)', 'int'],
    ["origin in ('ATL', 'O''Hare') or not late", 'bool'],
    ["date >= '2001-01-01' and day < '2001-02-01'", 'bool'],
    ['delay between -5 and 10', 'bool'],
    ["origin like 'A%' and origin is not null", 'bool'],
    ["if(late, 'late', 'on time')", 'text'],
    ['coalesce(delay, 0.5)', 'float'],
    ['`odd name` = 1', 'bool'],
    ["origin || '-' || to_text(delay)", 'text'],
    ['days_between(day, date)', 'float'],
  ])('%s is %s', (text, type) => {
    expect(compile(text).type).toBe(type)
  })

  test('binds * before +, and before or, not before and', () => {
    expect(compile('1 + 2 * 3').sql).toBe('(toInt64(1) + (toInt64(2) * toInt64(3)))')
    expect(compile('late or late and not late').sql).toBe('(p.`late` OR (p.`late` AND (NOT p.`late`)))')
  })

  test.each([
    ['dely > 1', 'there is no column dely; did you mean delay? (at character 1)'],
    ['wekday(date)', 'there is no function wekday; did you mean weekday? (at character 1)'],
    ['delay > origin', 'cannot compare int with text (at character 7)'],
    ['delay +', 'ends too early (at character 8)'],
    ["'open", 'the text has no end (at character 1)'],
    ['delay = null', 'compare with "is null" (at character 7)'],
    ['hour(date, 1)', 'hour takes 1 values, not 2 (at character 1)'],
    ['hour(day)', 'needs a value of type time in hour, not date (at character 6)'],
    ['delay delay', '"delay" is out of place (at character 7)'],
    ["date > 'yesterday'", "'yesterday' is no time (at character 6)"],
    ["if(late, 1, 'x')", 'mixes int and text (at character 1)'],
  ])('%s: %s', (text, what) => {
    expect(() => compile(text)).toThrow(what)
  })

  test.each([
    '(select 1)',
    'delay in (select delay from system.tables)',
    "file('/etc/passwd')",
    "url('http://10.0.0.1/')",
    "dictGet('a', 'b', 1)",
    'delay; drop table predictions',
    'delay -- comment',
    'delay /* x */ + 1',
    'sleep(3)',
    "toString(getSetting('max_threads'))",
    '{x:String}',
    'x -> x + 1',
    'delay::String',
    'system.tables',
    '@@version',
    '$$ x $$',
    'constructor(1)',
    '__proto__(1)',
  ])('%s does not get through', (text) => {
    expect(() => compile(text)).toThrow(KedgeError)
  })

  test('a text stays a text whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const { sql } = compile(`origin = '${value.replace(/[\\']/g, '\\$&')}'`)
        // no quote ends the literal before its end
        expect(sql.slice(0, 15)).toBe("(p.`origin` = '")
        expect(/^'(?:[^'\\]|\\[\s\S])*'\)$/.test(sql.slice(14))).toBe(true)
      }),
    )
  })

  test('whatever is typed gives an expression or a coded error', () => {
    const word = fc.constantFrom(
      ...names.keys(),
      ...Object.keys(functions),
      '(',
      ')',
      ',',
      '+',
      '-',
      '*',
      '=',
      '<',
      'and',
      'not',
      'in',
      'is',
      'null',
      "'x'",
      '1',
      '1.5',
      'between',
      'like',
      '||',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
        ),
        (text) => {
          try {
            expect(compile(text).sql.length).toBeGreaterThan(0)
          } catch (error) {
            expect(error).toBeInstanceOf(KedgeError)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('deep nesting is refused before the stack ends', () => {
    expect(() => compile(`${'('.repeat(4000)}1${')'.repeat(4000)}`)).toThrow('nested too deeply')
    expect(() => compile(`${'-'.repeat(5000)}1`)).toThrow('nested too deeply')
    expect(() => compile(`${'not '.repeat(2000)}late`)).toThrow('nested too deeply')
  })
})

describe('checking without columns', () => {
  test.each([
    'delay > 15 and origin != destination',
    'hash(concat(to_text(date), origin), 83) = 0',
    'abs(delay) > 3 or -delay + 1 < coalesce(distance, 0)',
    "weekday(date) in (1, 2) and origin like 'S%'",
    'distance between 1 and far',
    'if(late, 1, distance) is not null',
  ])('accepts %s', (text) => expect(() => checkExpression(text)).not.toThrow())

  test.each(['delay >', 'nonsense(delay) = 1', 'a and', '(a', "'open"])('refuses %s', (text) =>
    expect(() => checkExpression(text)).toThrow(/at character \d+/),
  )
})

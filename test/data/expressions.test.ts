import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileExpression } from '../../src/data/expression/compile-expression.ts'
import { functions } from '../../src/data/expression/functions.ts'
import { engineTypes } from '../../src/data/expression/sql-text.ts'
import { type OpenedData, openData } from './open-data.ts'

/** Values at the edges of every type, one row each. */
const rows = `SELECT * FROM values('i Nullable(Int64), f Nullable(Float64), s Nullable(String), b Nullable(Bool), t Nullable(DateTime64(6, \\'UTC\\')), d Nullable(Date32)',
  (0, 0, '', false, '1970-01-01 00:00:00', '1970-01-01'),
  (-1, -1.5, 'text', true, '2001-02-28 23:59:59.999999', '2001-02-28'),
  (9223372036854775807, 1e308, '9223372036854775808', true, '2299-12-31 23:59:59', '2299-12-31'),
  (-9223372036854775808, -1e308, '2001-01-01T10:00:00Z', false, '1900-01-01 00:00:00', '1900-01-01'),
  (7, inf, '\\\\', NULL, '2001-07-01 12:30:15', '2024-02-29'),
  (63, nan, 'ü😀%_', true, NULL, NULL),
  (NULL, NULL, NULL, NULL, NULL, NULL))`
const names = new Map(
  (
    [
      ['i', 'int'],
      ['f', 'float'],
      ['s', 'text'],
      ['b', 'bool'],
      ['t', 'time'],
      ['d', 'date'],
    ] as const
  ).map(([name, type]) => [name, { sql: `p.\`${name}\``, type }]),
)

describe('expressions in the engine', () => {
  let data: OpenedData
  beforeAll(async () => {
    data = await openData()
    writeFileSync(join(data.folder, 'ready'), '')
  })
  afterAll(() => data.close())

  const evaluate = async (text: string) => {
    const { sql, type } = compileExpression(text, names)
    return data.environment.events.query<{ v: unknown }>(
      `SELECT CAST(${sql}, 'Nullable(${engineTypes[type].replace(/'/g, "\\'")})') AS v FROM (${rows}) AS p`,
    )
  }

  test.each(Object.entries(functions))('%s never throws', async (name, definition) => {
    const candidates = {
      number: ['i', 'f'],
      moment: ['t', 'd'],
      any: ['i', 'f', 's', 'b', 't', 'd'],
      int: ['i', '0', '-3'],
      float: ['f'],
      text: ['s', "''"],
      bool: ['b'],
      time: ['t'],
      date: ['d'],
    }
    const common = definition.gives === 'common'
    const lists = definition.takes.map((kind) => candidates[kind])
    for (let i = 0; i < 6; i++) {
      const args = lists.map((list) => list[(common && list.length === 6 ? i : i) % list.length]!)
      if (definition.repeats) args.push(args[0]!)
      // digits of rounding are a constant
      const text = `${name}(${name === 'round' ? `${args[0]}, 2` : args.join(', ')})`
      await evaluate(text)
    }
  })

  test('combinations never throw', async () => {
    const number = fc.constantFrom(
      'i',
      'f',
      '0',
      '1',
      '-7',
      '2.5',
      'length(s)',
      'hour(t)',
      'to_int(s)',
      'to_float(s)',
      'hash(s, 10)',
    )
    const sum = fc
      .tuple(number, fc.constantFrom('+', '-', '*', '/', '%'), number)
      .map((parts) => `(${parts.join(' ')})`)
    const condition = fc
      .tuple(fc.oneof(number, sum), fc.constantFrom('<', '=', '>=', '!='), fc.oneof(number, sum))
      .map((parts) => parts.join(' '))
    await fc.assert(
      fc.asyncProperty(sum, condition, sum, async (a, c, b) => {
        await evaluate(`if(${c}, ${a}, ${b} * 1.0)`.replace(`${a},`, `${a} * 1.0,`))
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ["to_int(' 42 ')", 42],
    ["to_int('4.5')", null],
    ['to_int(4.0)', 4],
    ['to_int(4.5)', null],
    ["to_bool('Yes')", true],
    ["to_time('2001-02-03 04:05:06')", '2001-02-03T04:05:06.000000Z'],
    ["to_date('2001-02-03')", '2001-02-03'],
    ["to_date('2001-02-30')", null],
    ["to_date('soon')", null],
    ["to_date('2001-02-03 10:00:00')", '2001-02-03'],
    ["to_time('2001-02-30 10:00:00')", null],
    ["to_time('12')", null],
    ['1 / 0', null],
    ['7 % 0', null],
    ["weekday(to_time('2001-01-01'))", 1],
    ["hour(to_time('2001-01-01 17:59:00'))", 17],
    ["hours_between(to_time('2001-01-01'), to_time('2001-01-02'))", 24],
    ["substring('München', 2, 3)", 'ünc'],
    ["length('😀')", 1],
    ['sqrt(-1)', null],
    ['log(0)', null],
    ["coalesce(null, 'x')", 'x'],
    ["if(1 = 2, 'a', null)", null],
    ["'a' || 'b'", 'ab'],
    ["'2001-01-02' > to_time('2001-01-01')", true],
    ['-2 * 3 + 10 % 4', -4],
    ['milliseconds(to_time(981173106000))', 981173106000],
    ['to_time(99999999999999999)', null],
    ['round(2.345, 1)', 2.3],
  ])('%s is %s', async (text, value) => {
    const [row] = await evaluate(text)
    expect(row!.v).toEqual(value)
  })
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evaluateExpression, type Value } from '../../src/contracts/evaluate-expression.ts'
import { functions } from '../../src/data/expression/functions.ts'
import { createLookUp } from '../../src/serving/inference/features/look-up.ts'
import { by, type OpenedData, openData, project } from '../data/open-data.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData()
})
afterAll(() => data?.close())

/** What is computed from a request, on both sides. */
const expressions = [
  'x + n * 2 - -1', 'x / n', 'n % 3', 'x / 0', 'n % 0', 'abs(x)', 'sign(x)', 'round(x)', 'round(x, 1)', 'floor(x)', 'ceil(x)', 'sqrt(x)', 'exp(x)', 'log(x)',
  'log10(x)', 'pow(x, 2)', 'pow(x, 0.5)', 'sin(x)', 'cos(x)', 'least(x, n)', 'greatest(x, n, 2)', 'coalesce(x, n)', 'if(x > 1, 1, 2)', 'if(b, s, s2)', 'lower(s)', 'upper(s)',
  'trim(s)', 'length(s)', 'substring(s, 2)', 'substring(s, 2, 2)', 'concat(s, s2)', "s || '!'", "replace(s, 'l', 'LL')", "starts_with(s, 'H')", "ends_with(s, 'o ')",
  "contains(s, 'ell')", 'year(t)', 'quarter(t)', 'month(t)', 'day(t)', 'weekday(t)', 'hour(t)', 'minute(t)', 'second(t)', 'days_between(t, t2)', 'hours_between(t, t2)',
  'seconds_between(t, t2)', 'milliseconds(t)', 'to_int(s2)', 'to_int(x)', 'to_float(s2)', 'to_text(n)', 'to_text(b)', 'to_text(t)', 'to_bool(s2)', 'x is null', 'x is not null',
  'x > 1 and b', 'x > 1 or b', 'not b', 'n in (1, 2, 7)', 'n not in (1, 2)', "s2 in ('7', 'a')", 'x between 0 and 2.5', 'x not between 0 and 2.5', "s like 'H%o_'", "s not like '%l'",
  "t > '2024-02-01'", 't < t2', 'x = n', 's != s2', '(x + 1) * (n - 1)', 'b = true',
] // biome-ignore format: a list
const types = { x: 'float', n: 'int', b: 'bool', s: 'text', s2: 'text', t: 'time', t2: 'time' } as const
const day = Date.UTC(2024, 1, 29, 13, 5, 7)
const rows: Record<string, Value>[] = [
  { x: 2.5, n: 7, b: true, s: 'Hello ', s2: '7', t: day, t2: day + 90_061_000 },
  { x: -0.5, n: 2, b: false, s: 'Grüße', s2: 'yes', t: day - 4e9, t2: day },
  { x: 0.15, n: -4, b: true, s: 'x', s2: ' 1.5 ', t: day + 3e10, t2: day },
  { x: null, n: 1, b: null, s: null, s2: 'a', t: null, t2: day },
  { x: 3.5, n: null, b: false, s: 'Halo?', s2: null, t: day, t2: null },
]

test('an expression has the same value from a request as in a training set', async () => {
  const header = ['id', 'customer', 'at', ...Object.keys(types)]
  const cell = (name: string, value: Value | undefined) =>
    value === null || value === undefined
      ? ''
      : name === 't' || name === 't2'
        ? new Date(value as number).toISOString()
        : `"${value}"`
  const lines = rows.map((row, i) =>
    [i, 'a', '2024-06-01', ...Object.keys(types).map((name) => cell(name, row[name]))].join(','),
  )
  writeFileSync(join(data.folder, 'labels.csv'), `${header.join(',')}\n${lines.join('\n')}\n`)
  writeFileSync(join(data.folder, 'facts.csv'), 'customer,at,y\na,2024-01-01,5\n')
  for (const name of ['labels', 'facts']) {
    await data.sources.put(by, project, name, { kind: 'csv', path: join(data.folder, `${name}.csv`) })
    const fill = name === 'labels' ? [{ cast: { ...types } }] : []
    await data.datasets.put(by, project, name, { from: name, time: 'at', curate: fill })
    await data.datasets.materialiseNow(by, { project, dataset: name })
  }
  const names = expressions.map((_, i) => `e${i}`)
  await data.features.views.put(by, project, 'asked', {
    ...{ from: 'facts', entity: 'customer', features: { y: 'y' }, request: types },
    on_demand: Object.fromEntries(expressions.map((text, i) => [`e${i}`, text])),
  })
  const version = await data.features.trainingSet(by, {
    project,
    name: 'trained',
    spec: { labels: 'labels', features: names.map((name) => `asked.${name}`), keys: {} },
  })
  const trained = await data.datasets.rows(project, 'trained', version.version)
  const known = new Map(Object.entries(types))
  const differences: string[] = []
  for (const [i, text] of expressions.entries()) {
    const { evaluate } = evaluateExpression(text, known)
    const place = trained.columns.findIndex(({ name }) => name === `e${i}`)
    for (const row of trained.rows) {
      const at = row[0] as number
      // an empty text of a CSV file is missing
      const ours = evaluate(rows[at]!)
      const theirs = row[place] as Value
      const same =
        typeof ours === 'number' && typeof theirs === 'number'
          ? Math.abs(ours - theirs) <= 1e-12 * Math.max(1, Math.abs(theirs))
          : ours === theirs
      if (!same) differences.push(`${text} of row ${at}: ${ours} here, ${theirs} in training`)
    }
  }
  expect(differences).toEqual([])
}, 60_000)

test('what only the engine can compute is refused when it is declared', () => {
  const engineOnly = Object.keys(functions).filter((name) => {
    try {
      evaluateExpression(`${name}(x, 1, 1)`, new Map([['x', 'float']]))
      return false
    } catch {
      return true
    }
  })
  expect(engineOnly.sort()).toEqual(['day_of_year', 'hash', 'to_date', 'to_time', 'week'])
  const mistakes = data.features.checkView(
    { from: 'facts', entity: 'customer', features: { y: 'y' }, on_demand: { h: 'hash(y, 10)' } },
    [
      { name: 'customer', type: 'text' },
      { name: 'at', type: 'time' },
      { name: 'y', type: 'int' },
    ],
    'at',
  )
  expect(mistakes).toMatchObject([{ path: ['on_demand', 'h'], what: expect.stringContaining('where rows are stored') }])
})

test('a request is completed with what is computed of it and of what is looked up', async () => {
  const view = {
    ...{ name: 'asked', generation: 'g', position: null, inputs: ['number' as const], span: 0, ttl: null },
    features: [{ name: 'spent', type: 'float' as const, how: 'last' as const, input: 0, over: null }],
    request: { amount: 'float' as const },
    onDemand: [
      { name: 'share', text: 'amount / spent', type: 'float' as const },
      { name: 'large', text: "if(share > 0.5, 'yes', 'no')", type: 'text' as const },
    ],
  }
  const lookup = {
    ...{ source: 'asked@1', entities: 1, bytes: 0, columns: [{ name: 'spent', type: 'number' as const }] },
    lookup: (keys: readonly string[]) => ({
      found: Uint8Array.from(keys, () => 1),
      columns: [Float64Array.from(keys, () => 8)],
    }),
  }
  const features = [
    { name: 'share', type: 'number' as const },
    { name: 'large', type: 'category' as const },
  ]
  const completes = createLookUp({ key: 'customer', missing: 'reject', view }, lookup, {
    description: { features } as never,
    inputs: features.map(({ name }, i) => ({
      name,
      datatype: i === 0 ? ('FP32' as const) : ('BYTES' as const),
      shape: [-1, 1],
    })),
  })
  const { rows: complete } = await completes.rows(
    [
      { customer: 'a', amount: 6 },
      { customer: 'a', amount: 2 },
    ],
    String,
  )
  expect(complete).toEqual([
    { customer: 'a', amount: 6, share: 0.75, large: 'yes' },
    { customer: 'a', amount: 2, share: 0.25, large: 'no' },
  ])
  const tensors = await completes.tensors([
    { name: 'customer', datatype: 'BYTES', shape: [2], data: ['a', 'a'] },
    { name: 'amount', datatype: 'FP64', shape: [2], data: Float64Array.of(6, 2) },
  ])
  expect(tensors!.inputs.map(({ name, data }) => [name, [...(data as ArrayLike<unknown> as unknown[])]])).toEqual([
    ['share', [0.75, 0.25]],
    ['large', ['yes', 'no']],
  ])
})

import { expect, it } from 'vitest'
import type { RunColumn } from '../../../api/types.ts'
import { completionsFor, isFinished, placeInFilter } from './filter-completion.ts'

const columns: RunColumn[] = [
  { kind: 'metric', key: 'auc', runs: 3 },
  { kind: 'param', key: 'learning rate', runs: 2 },
]
const at = (filter: string) => placeInFilter(filter, filter.length)
const texts = (filter: string, values: string[] = []) =>
  completionsFor(at(filter).expected, columns, values).map(({ text }) => text)

it('knows what may stand at the cursor', () => {
  expect(at('').expected).toEqual({ kind: 'field', typed: '' })
  expect(at('metrics.au').expected).toEqual({ kind: 'field', typed: 'metrics.au' })
  expect(at('metrics.auc ').expected).toEqual({ kind: 'operator', field: 'metrics.auc', typed: '' })
  expect(at('metrics.auc >').expected).toMatchObject({ kind: 'operator', typed: '>' })
  expect(at("params.a = 'tr").expected).toEqual({ kind: 'value', field: 'params.a', typed: "'tr" })
  expect(at("params.a = 'tree' ").expected).toMatchObject({ kind: 'word' })
  expect(at("NOT (params.a = 'x' OR ").expected).toMatchObject({ kind: 'field' })
  expect(at("run_id IN ('a', ").expected).toEqual({ kind: 'value', field: 'run_id', typed: '' })
  expect(at('params.`learning rate` ').expected).toMatchObject({ field: 'params.`learning rate`' })
})

it('completes fields by any part of their name, quoted where they must be', () => {
  expect(texts('au')).toEqual(['metrics.auc'])
  expect(texts('rate')).toEqual(['params.`learning rate`'])
  expect(texts('metrics.auc ')).toContain('>=')
  expect(texts('run_name ')).toContain('ILIKE')
  expect(texts('params.a = ', ["it's"])).toEqual(["'it''s'"])
  expect(texts('metrics.auc > 1 o')).toEqual(['OR'])
})

it('replaces the word at the cursor and nothing else', () => {
  const filter = 'metrics.au > 0.5'
  const { from, to } = placeInFilter(filter, 9)
  expect(filter.slice(from, to)).toBe('metrics.au')
})

it('does not send a filter that is not finished', () => {
  for (const whole of ['', 'two words', 'metrics.auc > 0.5', "params.a = 'x'", "params.a IN ('x')", 'params.a IS NULL'])
    expect(isFinished(whole), whole).toBe(true)
  for (const part of [
    'metrics.',
    'metrics.auc',
    'metrics.auc >',
    "params.a = 'x",
    "params.a = 'x' AN",
    "params.a = 'x' AND ",
  ])
    expect(isFinished(part), part).toBe(false)
})

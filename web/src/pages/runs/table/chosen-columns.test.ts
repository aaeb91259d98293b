import { expect, it } from 'vitest'
import type { RunColumn } from '../../../api/types.ts'
import { chosenColumns, moveColumn, readNames, writeNames } from './chosen-columns.ts'

const known: RunColumn[] = [
  { kind: 'metric', key: 'auc', runs: 9 },
  { kind: 'metric', key: 'val_loss', runs: 5 },
  { kind: 'param', key: 'a,b%', runs: 4 },
  { kind: 'tag', key: 'mlflow.user', runs: 9 },
]

it('takes what most runs have until something is chosen', () => {
  expect(chosenColumns('', known)).toEqual([
    'status',
    'start',
    'duration',
    'metrics.auc',
    'metrics.val_loss',
    'params.a,b%',
  ])
})

it('keeps the order of a choice, and lets a star stand for many', () => {
  expect(chosenColumns('metrics.val_*,status,metrics.*', known)).toEqual(['metrics.val_loss', 'status', 'metrics.auc'])
  expect(chosenColumns('*', known)).not.toContain('tags.mlflow.user')
  expect(chosenColumns('metrics.gone', known)).toEqual(['metrics.gone'])
})

it('gives names back from an address, whatever is in them', () => {
  const names = ['params.a,b%', 'metrics.100%2C', 'tags.ä']
  expect(readNames(writeNames(names))).toEqual(names)
})

it('moves a column before another one', () => {
  expect(moveColumn(['a', 'b', 'c'], 'c', 'a')).toEqual(['c', 'a', 'b'])
  expect(moveColumn(['a', 'b', 'c'], 'a', undefined)).toEqual(['b', 'c', 'a'])
  expect(moveColumn(['a', 'b'], 'x', 'a')).toEqual(['a', 'b'])
})

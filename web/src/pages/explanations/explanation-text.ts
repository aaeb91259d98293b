import type { ReactNode } from 'react'
import type { GlobalImportance, LocalExplanation } from '../../api/types.ts'
import { measure } from '../../format/number.ts'

type Definition = Pick<
  LocalExplanation,
  'method' | 'title' | 'definition' | 'unit' | 'background' | 'origin' | 'inexact'
>

/** What attributions add up to. */
export const unitText = (unit: LocalExplanation['unit']) =>
  ({ probability: 'probability', value: 'predicted value', log_odds: 'log odds', log: 'logarithm of the prediction' })[
    unit
  ]

/** How attributions came about, label → value. */
export function definitionFacts(definition: Definition): Record<string, ReactNode> {
  return {
    Method: definition.title,
    Unit: unitText(definition.unit),
    Background:
      definition.background > 0
        ? `${definition.background} rows, ${definition.origin}`
        : 'the training rows, as the trees know them',
    'Why not exact': definition.inexact,
  }
}

/** What was explained of what there is. */
export const coverage = (one: GlobalImportance) =>
  [
    `${one.samples.toLocaleString('en')} of ${one.rows.toLocaleString('en')} predictions on ${one.days} ${one.days === 1 ? 'day' : 'days'}`,
    one.revisions.length > 1 ? `revisions ${one.revisions.join(', ')}` : `revision ${one.revisions[0] ?? '–'}`,
  ].join(' · ')

export const valueText = (value: number | string | null | undefined) =>
  value == null || value === '' ? 'missing' : typeof value === 'number' ? measure(value) : value

export const signed = (value: number) => `${value >= 0 ? '+' : '−'}${measure(Math.abs(value), 3)}`

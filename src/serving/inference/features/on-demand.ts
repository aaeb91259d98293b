import { evaluateExpression, type Value } from '../../../contracts/evaluate-expression.ts'
import type { LookedUp, LookupColumn } from '../../../contracts/feature-lookup.ts'
import type { RoutedView } from '../../routing.ts'

/** Features that are computed from what a request brings and what is looked up for it. */
export interface OnDemand {
  readonly names: readonly string[]
  /** what a request brings for them */
  readonly request: readonly string[]
  /** By name. `given`: the request's own values. */
  of(given: Readonly<Record<string, unknown>>, found: LookedUp, row: number): Record<string, number | string | null>
}

/** What a view computes on demand; undefined when nothing. Errors: `invalid_input` for what only the engine can compute. */
export function createOnDemand(view: RoutedView, columns: readonly LookupColumn[]): OnDemand | undefined {
  if (view.onDemand.length === 0) return undefined
  const types = new Map([
    ...Object.entries(view.request),
    ...view.features.map(({ name, type }) => [name, type] as const),
    ...view.onDemand.map(({ name, type }) => [name, type] as const),
  ])
  const computed = view.onDemand.map(({ name, text }) => ({ name, ...evaluateExpression(text, types) }))
  const request = Object.entries(view.request)
  return {
    names: computed.map(({ name }) => name),
    request: request.map(([name]) => name),
    of(given, found, row) {
      const values: Record<string, Value> = {}
      for (const [name, type] of request) values[name] = requested(given[name], type)
      if (found.found[row])
        for (const [i, { name }] of columns.entries())
          values[name] = lookedUp(found.columns[i]![row]!, types.get(name)!)
      const answer: Record<string, number | string | null> = {}
      for (const { name, evaluate } of computed) {
        const value = evaluate(values)
        values[name] = value
        answer[name] = typeof value === 'boolean' ? String(value) : value
      }
      return answer
    },
  }
}

function lookedUp(value: number | string, type: RoutedView['features'][number]['type']): Value {
  if (typeof value === 'string') return value === '' ? null : value
  return Number.isNaN(value) ? null : type === 'bool' ? value === 1 : value
}

function requested(value: unknown, type: RoutedView['features'][number]['type']): Value {
  if (value === undefined || value === null || value === '') return null
  if (type === 'text') return String(value)
  if (type === 'bool') return typeof value === 'boolean' ? value : value === 1 || value === 'true'
  if (type === 'time' || type === 'date') {
    const time = typeof value === 'number' ? value : Date.parse(String(value))
    return Number.isNaN(time) ? null : time
  }
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

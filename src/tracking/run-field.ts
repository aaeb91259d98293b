import { KedgeError } from '../errors.ts'
import { runAttributes, runEntity } from './run-fields.ts'

/** A column of the table of runs: `metrics.auc`, `params.model`, `tags.team`, `attributes.status`. */
export interface RunField {
  kind: 'metric' | 'param' | 'tag' | 'attribute'
  key: string
}

/** Reads `kind.key`; what stands behind the first dot is the key as it is. Errors: `invalid_input`. */
export function runField(text: string): RunField {
  const dot = text.indexOf('.')
  const kind = runEntity(dot < 0 ? undefined : text.slice(0, dot))
  const key = text.slice(dot + 1)
  if (kind === 'dataset' || key === '' || (kind === 'attribute' && !runAttributes[key]))
    throw new KedgeError('invalid_input', {
      what: `${JSON.stringify(text)} is no column of runs: use metrics.KEY, params.KEY, tags.KEY or attributes.status`,
    })
  return { kind, key }
}

import { useState } from 'react'
import type { Dataset } from '../../../api/types.ts'

/** One step or expectation, `{ kind: config }`; expectations may have a `severity` beside it. */
export type Keyed = Record<string, unknown>

export interface DatasetDraft {
  spec: Record<string, unknown>
  steps: Keyed[]
  expectations: Keyed[]
  changed: boolean
  /** somebody else has changed the declaration since the draft was begun */
  overtaken: boolean
  setSteps(steps: Keyed[]): void
  setExpectations(expectations: Keyed[]): void
  discard(): void
}

const listOf = (value: unknown) => (Array.isArray(value) ? (value as Keyed[]) : [])

/** A declaration while it is edited; it is that of the server until something is changed. */
export function useDraft(dataset: Dataset | undefined): DatasetDraft {
  const [draft, setDraft] = useState<{ spec: Record<string, unknown>; of: string }>()
  const declared = dataset?.spec ?? {}
  // what was saved is what is declared: nothing is left to save
  const changed = draft !== undefined && JSON.stringify(draft.spec) !== JSON.stringify(declared)
  const spec = changed ? draft.spec : declared
  const set = (key: string, value: Keyed[]) => {
    const { [key]: _, ...others } = spec
    setDraft({
      spec: value.length === 0 ? others : { ...spec, [key]: value },
      of: changed ? draft.of : (dataset?.specDigest ?? ''),
    })
  }
  return {
    spec,
    steps: listOf(spec.curate),
    expectations: listOf(spec.expect),
    changed,
    overtaken: changed && draft.of !== dataset?.specDigest,
    setSteps: (steps) => set('curate', steps),
    setExpectations: (expectations) => set('expect', expectations),
    discard: () => setDraft(undefined),
  }
}

/** The kind of a step or expectation, and its configuration. */
export function partsOf(keyed: Keyed): { kind: string; config: unknown } {
  const kind = Object.keys(keyed).find((key) => key !== 'severity') ?? ''
  return { kind, config: keyed[kind] }
}

/** A configuration in a few words. */
export function summary(config: unknown): string {
  if (config === null || config === undefined) return ''
  if (typeof config !== 'object') return String(config)
  if (Array.isArray(config)) return config.map(summary).join(', ')
  return Object.entries(config)
    .map(
      ([key, value]) =>
        `${key}: ${typeof value === 'object' && value !== null ? `(${summary(value)})` : String(value)}`,
    )
    .join(', ')
}

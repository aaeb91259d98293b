import type { RunComparison, RunDetail } from '../../../api/types.ts'

export interface DifferenceRow {
  section: string
  key: string
  /** one for each run */
  values: (string | number | null)[]
  differs: boolean
}

const about = ['code', 'environment', 'resources', 'cost'] as const
const isCode = (key: string) => key.startsWith('mlflow.source.')
const isHidden = (key: string) => key.startsWith('mlflow.log-model') || key === 'mlflow.runName'

/** Everything that runs can differ in, section by section. `details` adds what only a run's own page knows. */
export function differenceRows(
  comparison: RunComparison,
  details: readonly (RunDetail | undefined)[],
): DifferenceRow[] {
  const section = (name: string, sheet: readonly Omit<DifferenceRow, 'section'>[]): DifferenceRow[] =>
    sheet.map(({ key, values, differs }) => ({ section: name, key, values: [...values], differs }))
  const facts = (key: string, values: (string | number | null)[]): DifferenceRow => ({
    section: 'Run',
    key,
    values,
    differs: new Set(values).size > 1,
  })
  const { runs } = comparison
  return [
    facts(
      'experiment',
      runs.map((run) => run.experiment),
    ),
    facts(
      'state',
      runs.map((run) => run.status.toLowerCase()),
    ),
    facts(
      'user',
      runs.map((run) => run.user || null),
    ),
    ...section('Params', comparison.params),
    ...section('Metrics', comparison.metrics),
    ...section(
      'Code',
      comparison.tags.filter(({ key }) => isCode(key)),
    ),
    ...about.flatMap((part) => section(part[0]!.toUpperCase() + part.slice(1), flat(details, part))),
    ...section(
      'Tags',
      comparison.tags.filter(({ key }) => !isCode(key) && !isHidden(key)),
    ),
  ]
}

function flat(details: readonly (RunDetail | undefined)[], part: string): Omit<DifferenceRow, 'section'>[] {
  const documents = details.map((one) => {
    const value = (one as unknown as Record<string, unknown> | undefined)?.[part]
    return value && typeof value === 'object' ? (value as Record<string, unknown>) : {}
  })
  const keys = [...new Set(documents.flatMap((one) => Object.keys(one)))]
  return keys.map((key) => {
    const values = documents.map((one) => {
      const value = one[key]
      if (value === null || value === undefined) return null
      return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value)
    })
    return { key, values, differs: new Set(values).size > 1 }
  })
}

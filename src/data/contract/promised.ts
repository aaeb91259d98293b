import type { DatasetSpec, KeyedStep } from '../dataset-spec.ts'

/** The expectations that a contract's promises are, besides those that are declared. */
export function promised({ contract, time }: Pick<DatasetSpec, 'contract' | 'time'>): KeyedStep[] {
  if (!contract) return []
  const columns = Object.entries(contract.columns)
  const required = columns.filter(([, { required }]) => required).map(([name]) => name)
  return [
    ...(columns.length > 0
      ? [
          {
            schema: {
              columns: Object.fromEntries(columns.map(([name, { type }]) => [name, type])),
              exact: contract.exact,
            },
          },
        ]
      : []),
    ...(required.length > 0 ? [{ not_null: required }] : []),
    ...columns.filter(([, { unique }]) => unique).map(([name]) => ({ unique: [name] })),
    ...(contract.freshness !== undefined && time !== undefined
      ? [{ freshness: { column: time, within: contract.freshness } }]
      : []),
  ]
}

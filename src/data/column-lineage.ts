import type { Column } from '../contracts/column.ts'
import type { OperationDefinition, OtherRows } from '../contracts/curation.ts'
import { someStatistics } from './curation/check-curation.ts'
import { createRelation } from './curation/relation.ts'
import type { DatasetSpec, KeyedStep } from './dataset-spec.ts'

/** A column of a source (`source`) or of a dataset. */
export interface ColumnOrigin {
  kind: 'source' | 'dataset'
  name: string
  column: string
  /** whether the value is the same as there, made of it, or a pseudonym */
  how: 'identity' | 'derived' | 'masked'
}

const quoted = /\bp\.`((?:[^`\\]|\\.)*)`/g

/** Names of the columns of the rows `p` that SQL of this domain reads. */
export const columnsIn = (sql: string): string[] => [
  ...new Set([...sql.matchAll(quoted)].map(([, name]) => name!.replace(/\\(.)/g, '$1'))),
]

const unique = (origins: readonly ColumnOrigin[]): ColumnOrigin[] => [
  ...new Map(origins.map((origin) => [`${origin.kind}/${origin.name}/${origin.column}`, origin])).values(),
]

/**
 * Which columns of the source and of other datasets each column of a dataset is made of, by the expressions of its steps;
 * undefined after a step that is a command, which only the command knows.
 */
export function columnLineage(
  spec: Pick<DatasetSpec, 'from' | 'curate'>,
  source: readonly Column[],
  operations: readonly OperationDefinition[],
  others: ReadonlyMap<string, OtherRows>,
): Map<string, ColumnOrigin[]> | undefined {
  let columns: Column[] = [...source]
  let known = new Map<string, ColumnOrigin[]>(
    source.map(({ name }) => [name, [{ kind: 'source', name: spec.from, column: name, how: 'identity' }]]),
  )
  for (const step of spec.curate) {
    const operation = operations.find(({ kind }) => step[kind] !== undefined)
    if (!operation || operation.command) return undefined
    const config = operation.config.parse(step[operation.kind])
    const compiled = operation.compile(config, createRelation(columns, operation.kind, { others }), someStatistics)
    const joined = joinedColumns(operation, step, others)
    known = new Map(
      compiled.columns.map(({ name, sql }) => {
        const read = columnsIn(sql)
        const isSame = read.length === 1 && sql === `p.\`${read[0]}\``
        const how = operation.kind === 'pseudonymise' ? 'masked' : 'derived'
        const own = read.flatMap((one) =>
          (known.get(one) ?? []).map(
            (origin): ColumnOrigin => (isSame || origin.how === 'masked' ? origin : { ...origin, how }),
          ),
        )
        const added = operation.kind === 'union' || read.length === 0 ? joined(name) : []
        return [name, unique([...own, ...added])]
      }),
    )
    columns = compiled.columns.map(({ name, type }) => ({ name, type }))
  }
  return known
}

/** Of a step that reads other datasets: which of their columns becomes the one of a name. */
function joinedColumns(operation: OperationDefinition, step: KeyedStep, others: ReadonlyMap<string, OtherRows>) {
  const config = step[operation.kind] as { columns?: unknown } | string
  const renamed = typeof config === 'object' && !Array.isArray(config.columns) ? config.columns : undefined
  const theirs = (name: string) =>
    Object.entries((renamed ?? {}) as Record<string, string>).find(([, as]) => as === name)?.[0] ?? name
  const names = operation.datasets?.(operation.config.parse(config)) ?? []
  return (name: string): ColumnOrigin[] =>
    names.flatMap((dataset) =>
      others.get(dataset)?.columns.some((column) => column.name === theirs(name))
        ? [{ kind: 'dataset' as const, name: dataset, column: theirs(name), how: 'identity' as const }]
        : [],
    )
}

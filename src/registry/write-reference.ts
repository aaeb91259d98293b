import { parquetWriteFile } from 'hyparquet-writer'
import type { ModelDescription } from '../contracts/model-runtime.ts'
import { type Cell, cellNumber, cellText } from './parquet-columns.ts'

export interface ReferencePart {
  split: 'train' | 'holdout'
  rows: number
  cells: ReadonlyMap<string, readonly Cell[]>
  scores: Float64Array
  /** scores by models that did not learn from the row, NaN where there is none */
  outOfFold: Float64Array
  truth: Float64Array
}

const own = ['score', 'out_of_fold', 'label', 'time', 'split']

/**
 * Writes scored rows as Parquet: the features, `score`, `out_of_fold`, `label` (the truth: 1 and 0, or the value), `time`
 * and `split` (train or holdout). A feature with one of these names gives way.
 */
export function writeReference(path: string, description: ModelDescription, parts: readonly ReferencePart[]): void {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const gather = <T>(of: (part: ReferencePart, row: number) => T): T[] => {
    const all = new Array<T>(rows)
    let at = 0
    for (const part of parts) for (let row = 0; row < part.rows; row++) all[at++] = of(part, row)
    return all
  }
  const number = (value: number) => (Number.isNaN(value) ? null : value)
  const columns = description.features
    .filter((feature) => !own.includes(feature.name))
    .map((feature) =>
      feature.type === 'number'
        ? {
            name: feature.name,
            type: 'DOUBLE' as const,
            nullable: true,
            data: gather((part, row) => number(cellNumber(part.cells.get(feature.name)![row]))),
          }
        : {
            name: feature.name,
            type: 'STRING' as const,
            nullable: false,
            data: gather((part, row) => cellText(part.cells.get(feature.name)![row])),
          },
    )
  const time = description.time
  parquetWriteFile({
    filename: path,
    columnData: [
      ...columns,
      { name: 'score', type: 'DOUBLE', nullable: true, data: gather((part, row) => number(part.scores[row]!)) },
      {
        name: 'out_of_fold',
        type: 'DOUBLE',
        nullable: true,
        data: gather((part, row) => number(part.outOfFold[row]!)),
      },
      { name: 'label', type: 'DOUBLE', nullable: true, data: gather((part, row) => number(part.truth[row]!)) },
      ...(time === undefined
        ? []
        : [
            {
              name: 'time',
              type: 'TIMESTAMP' as const,
              nullable: true,
              data: gather((part, row) => {
                const at = timeOf(part.cells.get(time)?.[row])
                return at === null ? null : new Date(at)
              }),
            },
          ]),
      { name: 'split', type: 'STRING', nullable: false, data: gather((part) => part.split) },
    ],
  })
}

/** A cell as milliseconds since 1970; null where it is no time. */
export function timeOf(cell: Cell): number | null {
  if (cell instanceof Date) return cell.getTime()
  const number = typeof cell === 'string' ? (/^\d+$/.test(cell) ? Number(cell) : Date.parse(cell)) : cellNumber(cell)
  return Number.isFinite(number) ? number : null
}

import type { Selectable } from 'kysely'
import type { Column } from '../../contracts/column.ts'
import type { StreamSettings, StreamSourceDefinition } from '../../contracts/stream-source.ts'
import type { StreamTables } from '../../storage/sql/tables/streams.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import type { ReaderState } from './thread-messages.ts'

export type StreamRow = Selectable<StreamTables['streams']>

/** What the reader of a stream says of itself; kept a few times a minute. */
export interface StreamStatus {
  connection: ReaderState['connection'] | 'stopped'
  /** why it does not go on */
  problem: string | null
  /** rows a second, over the last seconds */
  rate: number
  /** messages that wait at the peer; null where the peer does not tell */
  lag: number | null
  /** process that reads */
  node: string | null
  /** milliseconds since 1970 */
  at: number
}

/** Columns of every landed row besides those of the kind and of the messages. */
export const landedColumns: Column[] = [
  { name: '_received_at', type: 'time' },
  { name: '_sequence', type: 'int' },
]
const skewColumn: Column = { name: '_clock_skew', type: 'int' }

/** Columns that a declaration gives every row, in order; those of messages come after them as they are seen. */
export function ownColumns(definition: StreamSourceDefinition, config: SourceSpec): Column[] {
  const settings = config as unknown as StreamSettings
  const named =
    definition.named?.(config).map((name): Column => ({ name, type: settings.columns[name] ?? 'text' })) ?? []
  return [...definition.columns, ...named, ...(settings.time ? [skewColumn] : [])]
}

/** The known columns and those that a declaration adds to them. */
export function withDeclared(
  known: readonly string[],
  definition: StreamSourceDefinition,
  config: SourceSpec,
): string[] {
  const declared = [
    ...ownColumns(definition, config).map(({ name }) => name),
    ...Object.keys((config as unknown as StreamSettings).columns),
  ]
  return [...new Set([...known, ...declared])]
}

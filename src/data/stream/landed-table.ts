import type { SourceTable } from '../../contracts/source.ts'
import type { StreamSettings, StreamSourceDefinition } from '../../contracts/stream-source.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { fromJson } from '../../storage/sql/json-column.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import { batchTable } from './batch-files.ts'
import { microBatches } from './micro-batches.ts'
import { landedColumns, ownColumns } from './stream-row.ts'
import { changesTable } from './table-of-changes.ts'

/** What is in the micro-batches of a stream, as the table that datasets are made of. Errors: `conflict` while there is nothing. */
export async function landedTable(
  { store, blobs }: Pick<Environment, 'store' | 'blobs'>,
  engine: EventsStore,
  definition: StreamSourceDefinition,
  project: string,
  name: string,
  spec: SourceSpec,
): Promise<SourceTable> {
  const of = store.read.selectFrom('streams').where('project', '=', project).where('name', '=', name)
  const stream = await of.select(['identity', 'columns', 'position']).executeTakeFirst()
  const batches = await microBatches(store, project, name, 'rows')
  const last = batches.at(-1)
  if (!stream || !last)
    throw new KedgeError(
      'conflict',
      { what: `The stream ${name} has no micro-batch yet` },
      { todo: 'Wait until some rows have landed; `kedge status` shows how it is.' },
    )
  const columns = fromJson<string[]>(stream.columns)
  const config = definition.config.parse(spec) as SourceSpec
  const declared = Object.entries((config as unknown as StreamSettings).columns)
  const told = definition.told?.(config, fromJson(stream.position))
  const types = [
    ...landedColumns,
    ...ownColumns(definition, config),
    ...declared.map(([column, type]) => ({ name: column, type })),
    ...(told?.types ?? []).filter(({ name: column }) => columns.includes(column)),
  ]
  const files = await Promise.all(batches.map(({ digest }) => blobs.localPath(digest)))
  const table: SourceTable = {
    sql: batchTable(files, columns),
    params: {},
    columns: [
      { name: '_sequence', type: 'Int64' },
      { name: '_received_at', type: "DateTime64(3, 'UTC')" },
      ...columns.map((column) => ({ name: column, type: 'Nullable(String)' })),
    ],
    untyped: true,
    types: types.filter(({ name: column }, i) => types.findIndex((type) => type.name === column) === i),
    rowNumber: 's._sequence',
    // files are written together, but rows only come to them
    state: async () => `${stream.identity}:${last.first + last.rows}`,
    stable: true,
    incremental: '_sequence',
    strictly: true,
  }
  return told?.changes ? changesTable(engine, name, table, told.key) : table
}

import type { EventsStore } from '../storage/events/events-store.ts'
import type { createActualsIngest, RecordedActual, TakenActuals } from './actuals-ingest.ts'
import type { Fields, FilePart, OpenedLog } from './log-file.ts'
import { rowsOf, tableSettings } from './log-table.ts'
import type { EndpointKey } from './stale.ts'

const rowsAtOnce = 20_000

/** Takes the actuals of a part of a file; of an id that stands in it more than once the last holds. */
export async function takeActualsOf(
  engine: EventsStore,
  take: ReturnType<typeof createActualsIngest>['take'],
  { key, log, fields, part }: { key: EndpointKey; log: OpenedLog; fields: Fields; part: FilePart },
): Promise<TakenActuals> {
  const { value, label } = fields.actual!
  const taken = { unknown: 0, changed: 0 }
  for (let from = part.from; from < part.to; from += rowsAtOnce) {
    const rows = await engine.query<{ id: string; value: number | null; label: string }>(
      `SELECT ${fields.id} AS id, ${value} AS value, ${label} AS label
       FROM ${rowsOf({ from, to: Math.min(from + rowsAtOnce, part.to) })} ORDER BY t._row_number`,
      { path: log.file.path },
      { settings: tableSettings },
    )
    const actuals = rows.map(
      (row): RecordedActual => ({ id: row.id, value: row.value ?? row.label, receivedAt: log.receivedAt }),
    )
    const some = await take(key, actuals)
    taken.unknown += some.unknown
    taken.changed += some.changed
  }
  return taken
}

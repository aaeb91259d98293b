import type { SqlStore } from '../storage/sql/sql-store.ts'
import { type EventType, eventCatalogue } from './catalogue.ts'
import type { LineageEdge } from './event.ts'
import { type Reader, type ReaderEnvironment, startReader } from './reader.ts'

export interface LineageGraph {
  /** subjects, `kind/name`, with their distance from the one asked for; negative towards its sources */
  things: { subject: string; distance: number }[]
  edges: (LineageEdge & { eventId: number })[]
}

const maxThings = 500

/** Keeps the lineage table: every event of the catalogue that says where something came from. */
export function startLineageReader(environment: ReaderEnvironment): Reader {
  return startReader(environment, {
    name: 'lineage',
    // an event that says nothing of lineage has the empty default, which takes no parameters
    types: (Object.keys(eventCatalogue) as EventType[]).filter((type) => eventCatalogue[type].lineage.length > 0),
    async handle(event, change) {
      const definition = eventCatalogue[event.type]
      const edges = (definition.lineage as (subject: string, data: unknown) => LineageEdge[])(event.subject, event.data)
      for (const edge of edges)
        await change.db
          .insertInto('lineage')
          .values({ project: event.project, ...edge, event_id: event.id })
          .onConflict((c) => c.columns(['project', 'thing', 'source', 'relation']).doNothing())
          .execute()
    },
  })
}

/** Everything that `subject` came from and everything that came from it, breadth first, at most 500 things each way. */
export async function traceLineage(store: SqlStore, project: string, subject: string): Promise<LineageGraph> {
  const distances = new Map([[subject, 0]])
  const edges = new Map<string, LineageEdge & { eventId: number }>()

  async function walk(from: 'thing' | 'source', to: 'thing' | 'source', step: number) {
    let frontier = [subject]
    for (let distance = step; frontier.length > 0 && distances.size < maxThings; distance += step) {
      const rows = await store.read
        .selectFrom('lineage')
        .selectAll()
        .where('project', '=', project)
        .where(from, 'in', frontier)
        .limit(maxThings)
        .execute()
      frontier = []
      for (const row of rows) {
        edges.set(`${row.thing}\0${row.source}\0${row.relation}`, {
          thing: row.thing,
          source: row.source,
          relation: row.relation,
          eventId: row.event_id,
        })
        if (distances.has(row[to])) continue
        distances.set(row[to], distance)
        frontier.push(row[to])
      }
    }
  }
  await walk('thing', 'source', -1)
  await walk('source', 'thing', 1)
  return { things: [...distances].map(([name, distance]) => ({ subject: name, distance })), edges: [...edges.values()] }
}

import { z } from 'zod'
import type { Environment } from '../environment.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import { findEndpoint } from './endpoint-rows.ts'

const positive = z.number().int().positive()
const milliseconds = z.number().nonnegative()

/** How an endpoint answered under one load. */
export const capacityPoint = z.object({
  /** connections, each with one request in flight */
  clients: positive.max(10_000),
  /** rows of a request */
  batch: positive.max(100_000),
  seconds: z.number().positive(),
  requests: z.number().int().nonnegative(),
  /** requests that got another answer than predictions */
  failed: z.number().int().nonnegative(),
  /** requests answered a second */
  rate: z.number().nonnegative(),
  p50: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
})

/** What an endpoint can carry, as somebody measured it. */
export const capacity = z.object({
  /** the revision that answered */
  revision: positive,
  model: z.string().max(300),
  version: positive,
  /** what was sent: rows on record, of the model's reference, or made up from its signature */
  rows: z.enum(['recorded', 'reference', 'signature']),
  /** the machine that asked, in words */
  client: z.string().max(300),
  points: z.array(capacityPoint).min(1).max(100),
})

export type Capacity = z.output<typeof capacity>
export interface MeasuredCapacity extends Capacity {
  measuredAt: number
}

/** measurements of an endpoint that are kept */
const most = 20

/** Measured capacities of endpoints, in the SQL store. */
export function createCapacities({ store, journal }: Pick<Environment, 'store' | 'journal'>) {
  return {
    /** Errors: `not_found`. */
    add: (context: ChangeContext, project: string, name: string, measured: Capacity): Promise<MeasuredCapacity> =>
      journal.change(context, async (change) => {
        const endpoint = await findEndpoint(change.db, project, name)
        await change.db
          .insertInto('capacities')
          .values({ endpoint_id: endpoint.id, measured_at: change.now, result: toJson(measured) })
          .execute()
        const old = await change.db
          .selectFrom('capacities')
          .select('id')
          .where('endpoint_id', '=', endpoint.id)
          .orderBy('id', 'desc')
          .offset(most)
          .limit(1)
          .executeTakeFirst()
        if (old)
          await change.db
            .deleteFrom('capacities')
            .where('endpoint_id', '=', endpoint.id)
            .where('id', '<=', old.id)
            .execute()
        const best = Math.max(...measured.points.map((point) => point.rate * point.batch))
        change.append({
          type: 'endpoint.measured',
          project,
          subject: `endpoint/${name}`,
          data: { revision: measured.revision, rowsPerSecond: best },
        })
        return { ...measured, measuredAt: change.now }
      }),

    /** The newest first. Errors: `not_found`. */
    async list(project: string, name: string): Promise<MeasuredCapacity[]> {
      const endpoint = await findEndpoint(store.read, project, name)
      const rows = await store.read
        .selectFrom('capacities')
        .selectAll()
        .where('endpoint_id', '=', endpoint.id)
        .orderBy('id', 'desc')
        .execute()
      return rows.map((row) => ({ ...fromJson<Capacity>(row.result), measuredAt: row.measured_at }))
    },
  }
}

import type { Kysely, Selectable } from 'kysely'
import { KedgeError } from '../errors.ts'
import type { Change } from '../journal/journal.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import type { Database } from '../storage/sql/schema.ts'
import type { ServingTables } from '../storage/sql/tables/serving.ts'
import { callLimits, type EndpointSpec, inputPolicy } from './endpoint-spec.ts'

export type EndpointRow = Selectable<ServingTables['endpoints']>
export type RevisionRow = Selectable<ServingTables['revisions']>

/** Errors: `not_found`. */
export async function findEndpoint(db: Kysely<Database>, project: string, name: string): Promise<EndpointRow> {
  const row = await db
    .selectFrom('endpoints')
    .selectAll()
    .where('project', '=', project)
    .where('name', '=', name)
    .executeTakeFirst()
  if (!row) throw new KedgeError('not_found', { kind: 'Endpoint', name })
  return row
}

/** What an endpoint's row declares. */
export function specOf(row: Pick<EndpointRow, 'spec'>): EndpointSpec {
  const spec = fromJson<
    Omit<EndpointSpec, 'record' | 'limits' | 'inputs'> & {
      record: number | (Omit<EndpointSpec['record'], 'personal'> & Partial<EndpointSpec['record']>)
      limits?: EndpointSpec['limits']
      inputs?: EndpointSpec['inputs']
    }
  >(row.spec)
  return {
    ...spec,
    // rows of before there was a policy have the share alone
    record:
      typeof spec.record === 'number'
        ? { share: spec.record, whenFull: 'answer', personal: {} }
        : { ...spec.record, personal: spec.record.personal ?? {} },
    // and those of before there were limits none
    limits: spec.limits ?? callLimits.parse({}),
    inputs: spec.inputs ?? inputPolicy.parse({}),
  }
}

/** An endpoint's revisions, the newest first. */
export const revisionsOf = (db: Kysely<Database>, endpointId: number): Promise<RevisionRow[]> =>
  db.selectFrom('revisions').selectAll().where('endpoint_id', '=', endpointId).orderBy('number', 'desc').execute()

/** Changes revisions and tells inference processes that their routing is stale. */
export async function setRevision(
  change: Change,
  endpointId: number,
  number: number,
  fields: Partial<RevisionRow>,
): Promise<void> {
  await change.db
    .updateTable('revisions')
    .set(fields)
    .where('endpoint_id', '=', endpointId)
    .where('number', '=', number)
    .execute()
  await touchRouting(change, endpointId)
}

/** Tells inference processes that an endpoint's routing is stale. */
export const touchRouting = (change: Change, endpointId: number) =>
  change.db
    .updateTable('endpoints')
    .set((set) => ({ routing: set('routing', '+', 1), updated_at: change.now }))
    .where('id', '=', endpointId)
    .execute()

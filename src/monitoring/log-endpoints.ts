import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import { type ExternalEndpointSpec, type ExternalEndpointSpecInput, externalEndpointSpec } from './log-endpoint-spec.ts'
import type { EndpointKey } from './stale.ts'

export interface ExternalEndpoint {
  project: string
  name: string
  spec: ExternalEndpointSpec
  createdAt: number
  updatedAt: number
}

const endpointName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** Endpoints whose models are served elsewhere: only what is needed to watch them. */
export function createExternalEndpoints({ store, journal }: Pick<Environment, 'store' | 'journal'>) {
  const toEndpoint = (row: {
    project: string
    name: string
    spec: string
    created_at: number
    updated_at: number
  }) => ({
    project: row.project,
    name: row.name,
    spec: externalEndpointSpec.parse(fromJson(row.spec)),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  })

  async function find({ project, endpoint }: EndpointKey, db = store.read): Promise<ExternalEndpoint | undefined> {
    const row = await db
      .selectFrom('external_endpoints')
      .selectAll()
      .where('project', '=', project)
      .where('name', '=', endpoint)
      .executeTakeFirst()
    return row && toEndpoint(row)
  }

  async function refuseServed({ db }: Change, { project, endpoint }: EndpointKey) {
    const served = await db
      .selectFrom('endpoints')
      .select('id')
      .where('project', '=', project)
      .where('name', '=', endpoint)
      .executeTakeFirst()
    if (served)
      throw new KedgeError(
        'conflict',
        { what: `The endpoint ${endpoint} is served by Kedge` },
        { todo: 'Give what is served elsewhere another name.' },
      )
  }

  return {
    find,

    /** Whether Kedge itself serves an endpoint of this name. */
    async isServed({ project, endpoint }: EndpointKey): Promise<boolean> {
      const row = await store.read
        .selectFrom('endpoints')
        .select('id')
        .where('project', '=', project)
        .where('name', '=', endpoint)
        .executeTakeFirst()
      return row !== undefined
    },

    async list(project: string): Promise<ExternalEndpoint[]> {
      const rows = await store.read
        .selectFrom('external_endpoints')
        .selectAll()
        .where('project', '=', project)
        .orderBy('name')
        .execute()
      return rows.map(toEndpoint)
    },

    /** Declares it; the same again changes nothing. Errors: `invalid_input`, `conflict` when Kedge serves one of that name. */
    put: (context: ChangeContext, key: EndpointKey, input: ExternalEndpointSpecInput): Promise<ExternalEndpoint> =>
      journal.change(context, async (change) => {
        const { project, endpoint: name } = key
        if (!endpointName.test(name))
          throw new KedgeError('invalid_input', {
            what: `"${name}" is not an endpoint's name: letters, digits, . _ -, at most 100`,
          })
        const spec = externalEndpointSpec.parse(input)
        await change.lock(`endpoint/${project}/${name}`)
        await refuseServed(change, key)
        const before = await find(key, change.db)
        if (before && toJson(before.spec) === toJson(spec)) return before
        const row = {
          project,
          name,
          spec: toJson(spec),
          created_at: before?.createdAt ?? change.now,
          updated_at: change.now,
        }
        await change.db
          .insertInto('external_endpoints')
          .values(row)
          .onConflict((c) => c.columns(['project', 'name']).doUpdateSet({ spec: row.spec, updated_at: row.updated_at }))
          .execute()
        const data = { model: '', spec }
        const subject = `endpoint/${name}`
        if (before)
          change.append({ type: 'endpoint.changed', project, subject, data: { ...data, before: before.spec } })
        else change.append({ type: 'endpoint.created', project, subject, data })
        return toEndpoint(row)
      }),

    /** Takes the declaration away; what was logged stays. Errors: `not_found`. */
    delete: (context: ChangeContext, { project, endpoint }: EndpointKey): Promise<void> =>
      journal.change(context, async (change) => {
        const gone = await change.db
          .deleteFrom('external_endpoints')
          .where('project', '=', project)
          .where('name', '=', endpoint)
          .executeTakeFirst()
        if (gone.numDeletedRows === 0n) throw new KedgeError('not_found', { kind: 'Endpoint', name: endpoint })
        change.append({ type: 'endpoint.deleted', project, subject: `endpoint/${endpoint}`, data: { model: '' } })
      }),
  }
}

export type ExternalEndpoints = ReturnType<typeof createExternalEndpoints>

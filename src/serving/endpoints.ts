import type { ReleaseAnalysis } from '../contracts/release-analysis.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { toJson } from '../storage/sql/json-column.ts'
import type { RevisionState } from '../storage/sql/tables/serving.ts'
import { type EndpointRow, findEndpoint, type RevisionRow, revisionsOf, specOf, touchRouting } from './endpoint-rows.ts'
import { type EndpointSpec, type EndpointSpecInput, endpointSpec } from './endpoint-spec.ts'
import type { Releases, ReleaseView } from './releases.ts'
import { addCounters, noCounters } from './revision-counters.ts'
import type { LiveStats, RevisionInstance, RevisionReports, RevisionStatus } from './revision-reports.ts'
import type { ServingRegistry } from './serving-registry.ts'

export interface Revision {
  number: number
  model: string
  version: number
  artifact: string
  kind: string
  state: RevisionState
  percent: number
  shadow: boolean
  createdAt: number
  retiredAt: number | null
  live: LiveStats
  instances: RevisionInstance[]
}

export interface Endpoint {
  project: string
  name: string
  model: string
  spec: EndpointSpec
  state: 'empty' | 'starting' | 'ready' | 'failed'
  traffic: { revision: number; version: number; percent: number; shadow: boolean }[]
  live: LiveStats
  release: ReleaseView | null
  createdAt: number
  updatedAt: number
}

export interface EndpointDetail extends Endpoint {
  revisions: Revision[]
  features: { name: string; type: 'number' | 'category' }[] | null
  task: string | null
  addresses: { http: string | null; grpc: string | null }
}

const endpointName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** Endpoints and their revisions, in the SQL store. */
export function createEndpoints(deps: {
  environment: Pick<Environment, 'store' | 'journal'>
  registry: ServingRegistry
  reports: RevisionReports
  releases: Releases
  analyses: readonly ReleaseAnalysis[]
}) {
  const { registry, reports, releases, analyses } = deps
  const { store, journal } = deps.environment

  function check(name: string, input: EndpointSpecInput): EndpointSpec {
    if (!endpointName.test(name))
      throw new KedgeError('invalid_input', {
        what: `"${name}" is not an endpoint's name: letters, digits, . _ -, at most 100`,
      })
    const spec = endpointSpec.parse(input)
    for (const { kind, ...settings } of spec.release.analyse) {
      const known = analyses.find((analysis) => analysis.kind === kind)
      if (!known)
        throw new KedgeError('invalid_input', {
          what: `release.analyse: there is no analysis ${kind}; there are ${analyses.map((analysis) => analysis.kind).join(', ')}`,
        })
      const parsed = known.settings.safeParse(settings)
      if (!parsed.success)
        throw new KedgeError('invalid_input', {
          what: `release.analyse.${kind}: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`,
        })
    }
    return spec
  }

  function stateOf(
    revisions: readonly RevisionRow[],
    statuses: ReadonlyMap<number, RevisionStatus>,
  ): Endpoint['state'] {
    const answering = revisions.filter((revision) => revision.traffic > 0)
    if (answering.length === 0) return revisions.length === 0 ? 'empty' : 'failed'
    const instances = answering.flatMap((revision) => statuses.get(revision.number)?.instances ?? [])
    if (instances.some((instance) => instance.state === 'ready')) return 'ready'
    return instances.some((instance) => instance.state === 'failed') ? 'failed' : 'starting'
  }

  async function detail(row: EndpointRow): Promise<EndpointDetail> {
    const revisions = await revisionsOf(store.read, row.id)
    const statuses = await reports.statuses(row.id)
    const [release] = (await releases.list(row.id, { limit: 1, offset: 0 })).items
    const total = [...statuses.values()].reduce((sum, status) => addCounters(sum, status.counters), noCounters())
    const main = [...revisions].sort((a, b) => b.traffic - a.traffic)[0]
    const described = main && statuses.get(main.number)
    const [node] = reports.nodes()
    return {
      project: row.project,
      name: row.name,
      model: row.model,
      spec: specOf(row),
      state: stateOf(revisions, statuses),
      traffic: revisions
        .filter((revision) => revision.traffic > 0 || revision.shadow === 1)
        .map((revision) => ({
          revision: revision.number,
          version: revision.version,
          percent: revision.traffic / 100,
          shadow: revision.shadow === 1,
        })),
      live: reports.live(row.id, undefined, total),
      release: release ?? null,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      revisions: revisions.map((revision) => ({
        number: revision.number,
        model: revision.model,
        version: revision.version,
        artifact: revision.artifact,
        kind: revision.kind,
        state: revision.state,
        percent: revision.traffic / 100,
        shadow: revision.shadow === 1,
        createdAt: revision.created_at,
        retiredAt: revision.retired_at,
        live: reports.live(row.id, revision.number, statuses.get(revision.number)?.counters ?? noCounters()),
        instances: statuses.get(revision.number)?.instances ?? [],
      })),
      features: described?.features ?? null,
      task: described?.task ?? null,
      addresses: node?.addresses ?? { http: null, grpc: null },
    }
  }

  return {
    /**
     * Declares an endpoint; the same declaration again changes nothing. A new one takes its model's champion at once, if
     * there is one and it is `automatic`. Errors: `invalid_input`.
     */
    async put(
      context: ChangeContext,
      project: string,
      name: string,
      input: EndpointSpecInput,
    ): Promise<EndpointDetail> {
      const spec = check(name, input)
      const champion = await registry.aliases.resolve(project, spec.model, 'champion')
      await journal.change(context, async (change) => {
        await change.lock(`endpoint/${project}/${name}`)
        const text = toJson(spec)
        const before = await change.db
          .selectFrom('endpoints')
          .selectAll()
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        if (before) {
          if (toJson(specOf(before)) === text) return
          await change.db
            .updateTable('endpoints')
            .set({ spec: text, model: spec.model })
            .where('id', '=', before.id)
            .execute()
          await touchRouting(change, before.id)
          change.append({
            type: 'endpoint.changed',
            project,
            subject: `endpoint/${name}`,
            data: { model: spec.model, spec, before: specOf(before) },
          })
          return
        }
        const row = await change.db
          .insertInto('endpoints')
          .values({
            project,
            name,
            model: spec.model,
            spec: text,
            routing: 1,
            created_at: change.now,
            updated_at: change.now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        change.append({
          type: 'endpoint.created',
          project,
          subject: `endpoint/${name}`,
          data: { model: spec.model, spec },
        })
        if (champion !== null && spec.automatic) await releases.startIn(change, row, { version: champion })
      })
      return detail(await findEndpoint(store.read, project, name))
    },

    async get(project: string, name: string): Promise<EndpointDetail> {
      return detail(await findEndpoint(store.read, project, name))
    },

    async list(project: string): Promise<EndpointDetail[]> {
      const rows = await store.read
        .selectFrom('endpoints')
        .selectAll()
        .where('project', '=', project)
        .orderBy('name')
        .execute()
      return Promise.all(rows.map(detail))
    },

    /** Takes the endpoint away with its revisions and releases; what was predicted stays. */
    delete: (context: ChangeContext, project: string, name: string): Promise<void> =>
      journal.change(context, async (change) => {
        const row = await findEndpoint(change.db, project, name)
        await change.lock(`endpoint/${row.id}`)
        for (const table of ['revisions', 'releases', 'revision_counters', 'capacities'] as const)
          await change.db.deleteFrom(table).where('endpoint_id', '=', row.id).execute()
        await change.db.deleteFrom('endpoints').where('id', '=', row.id).execute()
        change.append({ type: 'endpoint.deleted', project, subject: `endpoint/${name}`, data: { model: row.model } })
      }),

    async releases(project: string, name: string, page: { limit: number; offset: number }) {
      return releases.list((await findEndpoint(store.read, project, name)).id, page)
    },
  }
}

export type Endpoints = ReturnType<typeof createEndpoints>

import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Environment } from '../environment.ts'
import { specOf } from './endpoint-rows.ts'
import { routedFeatures, type ServingDatasets } from './feature-source.ts'
import { createInputProfiles, type InputProfileSource } from './input-profiles.ts'
import type { Routing } from './routing.ts'

export interface RoutingSource {
  current(): Promise<Routing>
  /** The routing as soon as it is another than `known`; undefined after `wait` milliseconds or when aborted. */
  next(known: string, wait: number, signal: AbortSignal): Promise<Routing | undefined>
}

const pollInterval = 500

/** What inference processes should serve, made from the endpoints and revisions in SQL. */
export function createRoutingSource(
  { store, journal, log }: Pick<Environment, 'store' | 'journal' | 'log'>,
  {
    profileOf,
    datasets,
    sealedKey,
  }: {
    profileOf?: InputProfileSource | undefined
    datasets?: ServingDatasets | undefined
    /** of a project's pseudonyms */
    sealedKey?: ((project: string) => string) | undefined
  } = {},
): RoutingSource {
  const profiles = createInputProfiles(profileOf, log)
  let cached: { stamp: string; routing: Routing } | undefined

  async function stampNow(): Promise<string> {
    const row = await store.read
      .selectFrom('endpoints')
      .select([
        sql<number>`count(*)`.as('count'),
        sql<number>`coalesce(sum(routing), 0)`.as('sum'),
        sql<number>`coalesce(max(id), 0)`.as('newest'),
      ])
      .executeTakeFirstOrThrow()
    return `${row.count}/${row.sum}/${row.newest}/${profiles.known()}`
  }

  async function current(): Promise<Routing> {
    const stamp = await stampNow()
    if (cached?.stamp === stamp) return cached.routing
    const rows = await store.read.selectFrom('endpoints').selectAll().orderBy('id').execute()
    const revisions = await store.read
      .selectFrom('revisions')
      .selectAll()
      .where((where) => where.or([where('traffic', '>', 0), where('shadow', '=', 1)]))
      .orderBy('number')
      .execute()
    const endpoints: Routing['endpoints'] = []
    for (const row of rows) {
      const spec = specOf(row)
      const strict = spec.inputs.unknownCategories !== 'pass' || spec.inputs.ranges !== 'pass'
      endpoints.push({
        id: row.id,
        project: row.project,
        name: row.name,
        record: spec.record.share,
        whenFull: spec.record.whenFull,
        personal: spec.record.personal,
        ...(sealedKey && Object.keys(spec.record.personal).length > 0 ? { pseudonyms: sealedKey(row.project) } : {}),
        threshold: spec.threshold,
        limits: spec.limits,
        inputs: spec.inputs,
        ...(spec.features && datasets ? { features: await routedFeatures(datasets, row.project, spec.features) } : {}),
        revisions: revisions
          .filter((revision) => revision.endpoint_id === row.id)
          .map((revision) => ({
            number: revision.number,
            model: revision.model,
            version: revision.version,
            artifact: revision.artifact,
            kind: revision.kind,
            traffic: revision.traffic,
            shadow: revision.shadow === 1,
            ...(strict ? profiles.of({ project: row.project, endpoint: row.name }, revision) : {}),
          })),
      })
    }
    const version = createHash('sha256').update(JSON.stringify(endpoints)).digest('hex').slice(0, 16)
    const routing = { version, endpoints }
    cached = { stamp, routing }
    return routing
  }

  return {
    current,
    async next(known, wait, signal) {
      const deadline = performance.now() + wait
      for (;;) {
        const routing = await current()
        if (routing.version !== known) return routing
        const left = deadline - performance.now()
        if (left <= 0 || signal.aborted) return undefined
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer)
            unsubscribe()
            signal.removeEventListener('abort', done)
            resolve()
          }
          // other control processes change it too
          const timer = setTimeout(done, Math.min(left, pollInterval))
          const unsubscribe = journal.subscribe(done)
          signal.addEventListener('abort', done)
        })
      }
    },
  }
}

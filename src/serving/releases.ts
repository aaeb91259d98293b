import type { ReleaseAnalysis } from '../contracts/release-analysis.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { findEndpoint } from './endpoint-rows.ts'
import { type Decision, judgeStage } from './judge-stage.ts'
import type { PerformanceSource } from './paired-loss.ts'
import { type Release, toRelease } from './release.ts'
import { createReleaseFacts } from './release-facts.ts'
import { createReleaseMoves } from './release-moves.ts'
import { lookAtRelease, runningRelease } from './release-queries.ts'
import type { RevisionReports } from './revision-reports.ts'
import type { ServingRegistry } from './serving-registry.ts'
import { createStartRelease, type NewRelease } from './start-release.ts'

export interface ReleaseView extends Release {
  endpoint: string
  model: string
  version: number
}

/** How often a release is looked at when nothing reports, in milliseconds. */
const fallback = 5000

/** Brings new revisions to the callers, stage by stage, and takes them out again when an analysis says so. */
export function createReleases(deps: {
  environment: Pick<Environment, 'store' | 'journal' | 'jobs' | 'clock' | 'log'>
  registry: ServingRegistry
  reports: RevisionReports
  analyses: readonly ReleaseAnalysis[]
  performance?: PerformanceSource | undefined
}) {
  const { registry, reports, analyses, performance } = deps
  const { store, journal, jobs, clock, log } = deps.environment

  const moves = createReleaseMoves({ registry, log })
  const startIn = createStartRelease({ jobs, registry, reports, moves })
  const facts = createReleaseFacts({ reports, performance, clock, log })

  jobs.handle<{ release: number }>({
    kind: 'serving.release',
    concurrency: 4,
    async run(job) {
      const found = await store.read
        .selectFrom('releases')
        .selectAll()
        .where('id', '=', job.payload.release)
        .executeTakeFirst()
      if (found?.state !== 'running') return
      const endpoint = await store.read
        .selectFrom('endpoints')
        .selectAll()
        .where('id', '=', found.endpoint_id)
        .executeTakeFirst()
      if (!endpoint) return
      const judged = toRelease(found)
      const { status, facts: seen } = await facts(endpoint, judged)
      const decision: Decision = judgeStage(judged, seen, analyses)
      return {
        result: decision.do,
        async commit(change) {
          await change.lock(`endpoint/${endpoint.id}`)
          const release = await runningRelease(change.db, endpoint.id)
          if (!release || release.id !== judged.id) return
          // another process moved it on meanwhile: what was judged is of the stage before
          if (release.stages.length !== judged.stages.length) return void (await lookAtRelease(jobs, change, release))
          if (decision.do === 'advance')
            await moves.advance(change, endpoint, release, status, decision.analyses, decision.predictions)
          else if (decision.do === 'roll back')
            await moves.end(
              change,
              endpoint,
              release,
              'rolled_back',
              decision.reason,
              decision.analyses,
              decision.predictions,
            )
          else await moves.keepProgress(change, release, decision)
          if (await runningRelease(change.db, endpoint.id))
            await lookAtRelease(jobs, change, release, change.now + fallback)
        },
      }
    },
  })

  async function runningOf(change: Change, project: string, name: string, id: number) {
    const endpoint = await findEndpoint(change.db, project, name)
    await change.lock(`endpoint/${endpoint.id}`)
    const row = await change.db
      .selectFrom('releases')
      .selectAll()
      .where('id', '=', id)
      .where('endpoint_id', '=', endpoint.id)
      .executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Release', name: id })
    if (row.state !== 'running')
      throw new KedgeError('conflict', { what: `Release ${id} is ${row.state.replace('_', ' ')} already` })
    return { endpoint, release: toRelease(row) }
  }

  const view = () =>
    store.read
      .selectFrom('releases')
      .innerJoin('endpoints', 'endpoints.id', 'releases.endpoint_id')
      .innerJoin('revisions', (join) =>
        join
          .onRef('revisions.endpoint_id', '=', 'releases.endpoint_id')
          .onRef('revisions.number', '=', 'releases.revision'),
      )
      .selectAll('releases')
      .select(['endpoints.name as endpoint', 'revisions.model as model', 'revisions.version as version'])

  return {
    startIn,

    /** Errors: `not_found`, `conflict` when the version answers everybody already. */
    async start(context: ChangeContext, project: string, name: string, input: NewRelease): Promise<ReleaseView> {
      const id = await journal.change(context, async (change) => {
        const started = await startIn(change, await findEndpoint(change.db, project, name), input)
        if (!started)
          throw new KedgeError('conflict', { what: `Version ${input.version} answers everybody on ${name} already` })
        return started.id
      })
      return this.get(project, id)
    },

    /** A person sends the new revision to all callers at once. Errors: `conflict` when the release is over. */
    async promote(
      context: ChangeContext,
      project: string,
      name: string,
      id: number,
      reason: string,
    ): Promise<ReleaseView> {
      await journal.change(context, async (change) => {
        const { endpoint, release } = await runningOf(change, project, name, id)
        await moves.finish(
          change,
          endpoint,
          release,
          release.analyses,
          release.stages.at(-1)!.predictions,
          `${context.actor}: ${reason}`,
        )
      })
      return this.get(project, id)
    },

    /** A person takes the new revision out. Errors: `conflict` when the release is over. */
    async abort(
      context: ChangeContext,
      project: string,
      name: string,
      id: number,
      reason: string,
    ): Promise<ReleaseView> {
      await journal.change(context, async (change) => {
        const { endpoint, release } = await runningOf(change, project, name, id)
        await moves.end(
          change,
          endpoint,
          release,
          'aborted',
          `${context.actor}: ${reason}`,
          release.analyses,
          release.stages.at(-1)!.predictions,
        )
      })
      return this.get(project, id)
    },

    async get(project: string, id: number): Promise<ReleaseView> {
      const row = await view().where('releases.id', '=', id).where('releases.project', '=', project).executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Release', name: id })
      return { ...toRelease(row), endpoint: row.endpoint, model: row.model, version: row.version }
    },

    /** Newest first. */
    async list(
      endpointId: number,
      page: { limit: number; offset: number },
    ): Promise<{ items: ReleaseView[]; total: number }> {
      const rows = await view()
        .where('releases.endpoint_id', '=', endpointId)
        .orderBy('releases.id', 'desc')
        .limit(page.limit)
        .offset(page.offset)
        .execute()
      const counted = await store.read
        .selectFrom('releases')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('endpoint_id', '=', endpointId)
        .executeTakeFirstOrThrow()
      return {
        items: rows.map((row) => ({
          ...toRelease(row),
          endpoint: row.endpoint,
          model: row.model,
          version: row.version,
        })),
        total: Number(counted.count),
      }
    },
  }
}

export type Releases = ReturnType<typeof createReleases>

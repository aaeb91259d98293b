import type { Kysely } from 'kysely'
import type { ReleaseAnalysis } from '../contracts/release-analysis.ts'
import type { Environment } from '../environment.ts'
import { asKedgeError, KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { toJson } from '../storage/sql/json-column.ts'
import type { Database } from '../storage/sql/schema.ts'
import {
  type EndpointRow,
  findEndpoint,
  type RevisionRow,
  revisionsOf,
  setRevision,
  specOf,
  touchRouting,
} from './endpoint-rows.ts'
import type { ReleaseStrategy } from './endpoint-spec.ts'
import { type Decision, judgeStage } from './judge-stage.ts'
import { type PerformanceSource, pairedLossOf } from './paired-loss.ts'
import { type AnalysisResult, firstStage, nextStage, noMarks, type Release, toRelease } from './release.ts'
import { noCounters } from './revision-counters.ts'
import type { RevisionReports, RevisionStatus } from './revision-reports.ts'
import { allTraffic } from './routing.ts'
import type { ServingRegistry } from './serving-registry.ts'

export interface NewRelease {
  model?: string | undefined
  version: number
  strategy?: ReleaseStrategy | undefined
}

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

  const lookAt = (change: Change, release: Pick<Release, 'id' | 'project'>, runAt?: number) =>
    jobs.enqueue(change, {
      kind: 'serving.release',
      project: release.project,
      payload: { release: release.id },
      key: `release/${release.id}${runAt === undefined ? '' : '/timer'}`,
      ...(runAt === undefined ? {} : { runAt }),
    })

  const runningIn = async (db: Kysely<Database>, endpointId: number) => {
    const row = await db
      .selectFrom('releases')
      .selectAll()
      .where('endpoint_id', '=', endpointId)
      .where('state', '=', 'running')
      .executeTakeFirst()
    return row && toRelease(row)
  }

  /** Starts in the caller's change; undefined when the version answers everybody already. */
  async function startIn(change: Change, endpoint: EndpointRow, input: NewRelease): Promise<Release | undefined> {
    await change.lock(`endpoint/${endpoint.id}`)
    const spec = specOf(endpoint)
    const model = input.model ?? endpoint.model
    const strategy = input.strategy ?? spec.release
    const source = await registry.versions.findIn(change, endpoint.project, model, input.version)
    if (source.digest === null || source.kind === null)
      throw new KedgeError('conflict', {
        what: `Version ${input.version} of ${model} has no files that could be served`,
      })
    const revisions = await revisionsOf(change.db, endpoint.id)
    const before = await runningIn(change.db, endpoint.id)
    if (before) {
      const own = revisions.find((revision) => revision.number === before.revision)
      if (own?.model === model && own.version === input.version) return before
      await end(
        change,
        endpoint,
        before,
        'rolled_back',
        `version ${input.version} of ${model} takes its place`,
        before.analyses,
      )
    }
    const answering = await revisionsOf(change.db, endpoint.id)
    const baseline = answering.filter((revision) => revision.traffic > 0).sort((a, b) => b.traffic - a.traffic)[0]
    if (baseline?.model === model && baseline.version === input.version && baseline.traffic === allTraffic)
      return undefined
    const number = (revisions[0]?.number ?? 0) + 1
    const { stage, percent } = firstStage(strategy, baseline?.number ?? null)
    await change.db
      .insertInto('revisions')
      .values({
        endpoint_id: endpoint.id,
        number,
        model,
        version: input.version,
        artifact: source.digest,
        kind: source.kind,
        state: stage === 'shadow' ? 'shadow' : 'live',
        traffic: percent * 100,
        shadow: stage === 'shadow' ? 1 : 0,
        created_at: change.now,
        retired_at: null,
      })
      .execute()
    if (baseline) await setRevision(change, endpoint.id, baseline.number, { traffic: allTraffic - percent * 100 })
    await touchRouting(change, endpoint.id)
    const present = baseline && (await reports.statuses(endpoint.id)).get(baseline.number)
    const marks = { ...noMarks(), baseline: present?.counters ?? noCounters() }
    const row = await change.db
      .insertInto('releases')
      .values({
        project: endpoint.project,
        endpoint_id: endpoint.id,
        revision: number,
        baseline: baseline?.number ?? null,
        strategy: toJson(strategy),
        state: 'running',
        stage,
        percent,
        stage_from: toJson(marks),
        stage_started_at: change.now,
        analyses: '[]',
        stages: toJson([{ stage, percent, startedAt: change.now, finishedAt: null, predictions: 0, analyses: [] }]),
        reason: null,
        cause: change.context.cause ?? null,
        started_at: change.now,
        finished_at: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    const release = toRelease(row)
    const candidate = { endpoint: endpoint.name, revision: number, model, version: input.version }
    change.append({
      type: 'revision.created',
      project: endpoint.project,
      subject: `revision/${endpoint.name}@${number}`,
      data: { ...candidate, artifact: source.digest },
    })
    change.append({
      type: 'release.started',
      project: endpoint.project,
      subject: `release/${release.id}`,
      data: { ...candidate, baseline: release.baseline, stage, percent, strategy },
    })
    await lookAt(change, release)
    return release
  }

  const candidateOf = async (change: Change, endpoint: EndpointRow, release: Release): Promise<RevisionRow> =>
    (await revisionsOf(change.db, endpoint.id)).find((revision) => revision.number === release.revision)!

  /** Closes the stage in the release's own record and writes `fields`. */
  async function closeStage(
    change: Change,
    release: Release,
    analysesNow: readonly AnalysisResult[],
    predictions: number,
    fields: { next?: { stage: Release['stage']; percent: number }; state?: Release['state']; reason?: string },
  ) {
    const stages = release.stages.map((stage, i) =>
      i === release.stages.length - 1
        ? {
            ...stage,
            finishedAt: change.now,
            predictions: Math.max(predictions, stage.predictions),
            analyses: [...analysesNow],
          }
        : stage,
    )
    if (fields.next)
      stages.push({ ...fields.next, startedAt: change.now, finishedAt: null, predictions: 0, analyses: [] })
    await change.db
      .updateTable('releases')
      .set({
        analyses: toJson(analysesNow),
        stages: toJson(stages),
        ...(fields.next ? { ...fields.next, stage_started_at: change.now } : {}),
        ...(fields.state ? { state: fields.state, finished_at: change.now } : {}),
        ...(fields.reason === undefined ? {} : { reason: fields.reason }),
      })
      .where('id', '=', release.id)
      .execute()
  }

  /** Takes the new revision out; the one before answers everybody again. */
  async function end(
    change: Change,
    endpoint: EndpointRow,
    release: Release,
    state: 'rolled_back' | 'aborted',
    reason: string,
    results: readonly AnalysisResult[],
    predictions = 0,
  ) {
    const candidate = await candidateOf(change, endpoint, release)
    await setRevision(change, endpoint.id, release.revision, {
      traffic: 0,
      shadow: 0,
      state: 'failed',
      retired_at: change.now,
    })
    if (release.baseline !== null)
      await setRevision(change, endpoint.id, release.baseline, { traffic: allTraffic, state: 'live' })
    await closeStage(change, release, results, predictions, { state, reason })
    change.append({
      type: 'release.rolled_back',
      project: endpoint.project,
      subject: `release/${release.id}`,
      data: {
        endpoint: endpoint.name,
        revision: release.revision,
        model: candidate.model,
        version: candidate.version,
        baseline: release.baseline,
        stage: release.stage,
        percent: release.percent,
        reason,
        analyses: [...results],
      },
    })
  }

  /** The new revision answers everybody; the others retire, but for the first where it is kept in shadow. */
  async function finish(
    change: Change,
    endpoint: EndpointRow,
    release: Release,
    results: readonly AnalysisResult[],
    predictions: number,
    reason: string,
  ) {
    const candidate = await candidateOf(change, endpoint, release)
    const { keepShadow } = specOf(endpoint)
    await setRevision(change, endpoint.id, release.revision, { traffic: allTraffic, shadow: 0, state: 'live' })
    const revisions = await revisionsOf(change.db, endpoint.id)
    for (const other of revisions) {
      if (other.number === release.revision || (other.state !== 'live' && other.state !== 'shadow')) continue
      const kept = keepShadow && other.number === firstThatAnswered(revisions)
      await setRevision(
        change,
        endpoint.id,
        other.number,
        kept
          ? { traffic: 0, shadow: 1, state: 'shadow' }
          : { traffic: 0, shadow: 0, state: 'retired', retired_at: change.now },
      )
      if (!kept)
        change.append({
          type: 'revision.retired',
          project: endpoint.project,
          subject: `revision/${endpoint.name}@${other.number}`,
          data: { endpoint: endpoint.name, revision: other.number, model: other.model, version: other.version },
        })
    }
    const next = release.stage === 'full' ? {} : { next: { stage: 'full' as const, percent: 100 } }
    await closeStage(change, release, results, predictions, { ...next, state: 'finished', reason })
    const data = {
      endpoint: endpoint.name,
      revision: release.revision,
      model: candidate.model,
      version: candidate.version,
    }
    change.append({
      type: 'release.finished',
      project: endpoint.project,
      subject: `release/${release.id}`,
      data: { ...data, baseline: release.baseline, analyses: [...results] },
    })
    const why = `release ${release.id} on endpoint ${endpoint.name} finished`
    await registry.aliases
      .move(change, endpoint.project, candidate.model, 'champion', candidate.version, why, {
        release: release.id,
        analyses: results,
      })
      .catch((error) => {
        // the version was deleted meanwhile: it goes on answering, but cannot be the champion
        if (asKedgeError(error).class !== 'not_found') throw error
        log.warn({ release: release.id, err: error }, 'the champion alias could not be moved')
      })
  }

  async function advance(
    change: Change,
    endpoint: EndpointRow,
    release: Release,
    status: RevisionStatus | undefined,
    results: readonly AnalysisResult[],
    predictions: number,
    by?: string,
  ) {
    const next = nextStage(release.strategy, release.stage, release.percent)
    if (next.stage === 'full' || release.stage === 'full')
      return finish(change, endpoint, release, results, predictions, by ?? 'every stage passed')
    const candidate = await candidateOf(change, endpoint, release)
    await setRevision(change, endpoint.id, release.revision, { traffic: next.percent * 100, shadow: 0, state: 'live' })
    if (release.baseline !== null)
      await setRevision(change, endpoint.id, release.baseline, { traffic: allTraffic - next.percent * 100 })
    await closeStage(change, release, results, predictions, { next })
    const marks = { ...release.marks, candidate: status?.counters ?? noCounters() }
    await change.db
      .updateTable('releases')
      .set({ stage_from: toJson(marks) })
      .where('id', '=', release.id)
      .execute()
    change.append({
      type: 'release.advanced',
      project: endpoint.project,
      subject: `release/${release.id}`,
      data: {
        endpoint: endpoint.name,
        revision: release.revision,
        model: candidate.model,
        version: candidate.version,
        ...next,
        analyses: [...results],
        ...(by === undefined ? {} : { by }),
      },
    })
  }

  async function facts(endpoint: EndpointRow, release: Release) {
    const statuses = await reports.statuses(endpoint.id)
    const candidate = statuses.get(release.revision)
    const ready = candidate?.instances.some((instance) => instance.state === 'ready') ?? false
    const failed = candidate?.instances.find((instance) => instance.state === 'failed')
    const comparison =
      performance &&
      release.baseline !== null &&
      release.strategy.analyse.some((analysis) => analysis.kind === 'performance')
        ? await performance(
            { project: endpoint.project, endpoint: endpoint.name },
            release.baseline,
            release.revision,
          ).catch((error) => {
            log.warn({ release: release.id, err: error }, 'the performance of a release cannot be compared now')
            return undefined
          })
        : undefined
    return {
      status: candidate,
      facts: {
        candidate: candidate?.counters ?? noCounters(),
        baseline: (release.baseline !== null && statuses.get(release.baseline)?.counters) || noCounters(),
        loss: comparison && pairedLossOf(comparison),
        ready,
        failure: failed && !ready ? (failed.error ?? 'it cannot be loaded') : null,
        now: clock(),
      },
    }
  }

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
          const release = await runningIn(change.db, endpoint.id)
          if (!release || release.id !== judged.id) return
          // another process moved it on meanwhile: what was judged is of the stage before
          if (release.stages.length !== judged.stages.length) return void (await lookAt(change, release))
          if (decision.do === 'advance')
            await advance(change, endpoint, release, status, decision.analyses, decision.predictions)
          else if (decision.do === 'roll back')
            await end(
              change,
              endpoint,
              release,
              'rolled_back',
              decision.reason,
              decision.analyses,
              decision.predictions,
            )
          else await keepProgress(change, release, decision)
          if (await runningIn(change.db, endpoint.id)) await lookAt(change, release, change.now + fallback)
        },
      }
    },
  })

  async function keepProgress(change: Change, release: Release, decision: Decision) {
    const stages = release.stages.map((stage, i) =>
      i === release.stages.length - 1
        ? { ...stage, predictions: decision.predictions, analyses: decision.analyses }
        : stage,
    )
    await change.db
      .updateTable('releases')
      .set({ analyses: toJson(decision.analyses), stages: toJson(stages) })
      .where('id', '=', release.id)
      .execute()
  }

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
        await finish(
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
        await end(
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

/** A revision whose release failed never answered everybody. */
const firstThatAnswered = (revisions: readonly RevisionRow[]) =>
  Math.min(...revisions.filter((revision) => revision.state !== 'failed').map((revision) => revision.number))

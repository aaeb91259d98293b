import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change } from '../journal/journal.ts'
import { toJson } from '../storage/sql/json-column.ts'
import { type EndpointRow, revisionsOf, setRevision, specOf, touchRouting } from './endpoint-rows.ts'
import type { ReleaseStrategy } from './endpoint-spec.ts'
import { firstStage, noMarks, type Release, toRelease } from './release.ts'
import type { ReleaseMoves } from './release-moves.ts'
import { lookAtRelease, runningRelease } from './release-queries.ts'
import { noCounters } from './revision-counters.ts'
import type { RevisionReports } from './revision-reports.ts'
import { allTraffic } from './routing.ts'
import type { ServingRegistry } from './serving-registry.ts'

export interface NewRelease {
  model?: string | undefined
  version: number
  strategy?: ReleaseStrategy | undefined
}

export type StartRelease = (change: Change, endpoint: EndpointRow, input: NewRelease) => Promise<Release | undefined>

export function createStartRelease(deps: {
  jobs: Environment['jobs']
  registry: Pick<ServingRegistry, 'versions' | 'conversions'>
  reports: RevisionReports
  moves: ReleaseMoves
}): StartRelease {
  const { jobs, registry, reports, moves } = deps

  /** Starts in the caller's change; undefined when the version answers everybody already. */
  return async function startIn(change, endpoint, input) {
    await change.lock(`endpoint/${endpoint.id}`)
    const spec = specOf(endpoint)
    const model = input.model ?? endpoint.model
    const strategy = input.strategy ?? spec.release
    const source = await registry.versions.findIn(change, endpoint.project, model, input.version)
    if (source.digest === null || source.kind === null)
      throw new KedgeError('conflict', {
        what: `Version ${input.version} of ${model} has no files that could be served`,
      })
    const converted = await registry.conversions.served(change, endpoint.project, model, input.version)
    const artifact = converted ?? source.digest
    const revisions = await revisionsOf(change.db, endpoint.id)
    const before = await runningRelease(change.db, endpoint.id)
    if (before) {
      const own = revisions.find((revision) => revision.number === before.revision)
      if (own?.model === model && own.version === input.version) return before
      await moves.end(
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
    if (
      baseline?.model === model &&
      baseline.version === input.version &&
      baseline.artifact === artifact &&
      baseline.traffic === allTraffic
    )
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
        artifact,
        kind: converted ? 'onnx' : source.kind,
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
      data: { ...candidate, artifact },
    })
    change.append({
      type: 'release.started',
      project: endpoint.project,
      subject: `release/${release.id}`,
      data: { ...candidate, baseline: release.baseline, stage, percent, strategy },
    })
    await lookAtRelease(jobs, change, release)
    return release
  }
}

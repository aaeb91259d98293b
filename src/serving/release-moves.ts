import { asKedgeError } from '../errors.ts'
import type { Change } from '../journal/journal.ts'
import type { Logger } from '../log.ts'
import { toJson } from '../storage/sql/json-column.ts'
import { type EndpointRow, type RevisionRow, revisionsOf, setRevision, specOf } from './endpoint-rows.ts'
import type { Decision } from './judge-stage.ts'
import { type AnalysisResult, nextStage, type Release } from './release.ts'
import { noCounters } from './revision-counters.ts'
import type { RevisionStatus } from './revision-reports.ts'
import { allTraffic } from './routing.ts'
import type { ServingRegistry } from './serving-registry.ts'

/** The same change, whose events name the start of the release as what led to them. */
async function withinRelease(change: Change, release: Pick<Release, 'id'>): Promise<Change> {
  const start = await change.db
    .selectFrom('journal')
    .select('id')
    .where('subject', '=', `release/${release.id}`)
    .where('type', '=', 'release.started')
    .executeTakeFirst()
  return start ? { ...change, append: (event) => change.append({ cause: start.id, ...event }) } : change
}

/** The steps of a release, each in the change of whoever decided it. */
export function createReleaseMoves({ registry, log }: { registry: Pick<ServingRegistry, 'aliases'>; log: Logger }) {
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
    outer: Change,
    endpoint: EndpointRow,
    release: Release,
    state: 'rolled_back' | 'aborted',
    reason: string,
    results: readonly AnalysisResult[],
    predictions = 0,
  ) {
    const change = await withinRelease(outer, release)
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
    outer: Change,
    endpoint: EndpointRow,
    release: Release,
    results: readonly AnalysisResult[],
    predictions: number,
    reason: string,
  ) {
    const change = await withinRelease(outer, release)
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
    outer: Change,
    endpoint: EndpointRow,
    release: Release,
    status: RevisionStatus | undefined,
    results: readonly AnalysisResult[],
    predictions: number,
    by?: string,
  ) {
    const change = await withinRelease(outer, release)
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

  return { advance, finish, end, keepProgress }
}

export type ReleaseMoves = ReturnType<typeof createReleaseMoves>

/** A revision whose release failed never answered everybody. */
const firstThatAnswered = (revisions: readonly RevisionRow[]) =>
  Math.min(...revisions.filter((revision) => revision.state !== 'failed').map((revision) => revision.number))

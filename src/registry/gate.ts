import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { Aliases } from './aliases.ts'
import type { GateEvidence } from './gate-evidence.ts'
import { type GateJob, gateJob } from './gate-job.ts'
import { createModelFolders } from './model-folders.ts'
import type { ModelSpec } from './model-spec.ts'
import type { Models } from './models.ts'
import { runScoring } from './run-scoring.ts'
import type { Versions } from './versions.ts'

/** Where the rows of dataset versions lie; the data domain offers it. */
export interface DatasetFiles {
  /** local path of a version's Parquet file. Errors: `not_found`. */
  localFile(project: string, dataset: string, version: number): Promise<string>
}

export interface GateResult {
  id: number
  model: string
  version: number
  champion: number | null
  state: 'passed' | 'failed'
  evidence: GateEvidence | null
  error: string | null
  createdAt: number
}

const confidence = 0.95
type Stored = { evidence?: GateEvidence; error?: string }

/** Decides whether a new version may replace the champion, on held-out rows that both are scored on. */
export function createGate(
  environment: Pick<Environment, 'store' | 'journal' | 'jobs' | 'blobs' | 'clock' | 'dataDirectory'>,
  deps: { models: Models; versions: Versions; aliases: Aliases; files: DatasetFiles },
) {
  const { store, journal, jobs, blobs, clock, dataDirectory } = environment
  const { models, versions, aliases, files } = deps
  const modelFolder = createModelFolders(environment)
  const environments = join(dataDirectory, 'environments', 'models')

  async function decide(
    change: Change,
    project: string,
    { model, version }: GateJob,
    outcome: {
      champion: number | null
      state: 'passed' | 'failed'
      stored: Stored
      reasons: string[]
      reference?: string
      description?: unknown
    },
  ) {
    const row = await versions.findIn(change, project, model, version).catch((error) => {
      if (error instanceof KedgeError && error.code === 'not_found') return undefined
      throw error
    })
    if (!row) return
    const { id } = await change.db
      .insertInto('gate_results')
      .values({
        project,
        model,
        version,
        champion: outcome.champion,
        state: outcome.state,
        evidence: toJson(outcome.stored),
        created_at: change.now,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    await versions.touch(change, row, {
      gate: outcome.state,
      ...(outcome.reference ? { reference: outcome.reference } : {}),
      ...(row.signature === null && outcome.description ? { signature: toJson(outcome.description) } : {}),
    })
    change.append({
      type: outcome.state === 'passed' ? 'gate.passed' : 'gate.failed',
      project,
      subject: `model_version/${model}@${version}`,
      data: { model, version, champion: outcome.champion, result: id, reasons: outcome.reasons },
    })
  }

  jobs.handle<GateJob>({
    kind: 'registry.gate',
    async run(job, { signal, log, progress }) {
      const { project, payload } = job
      const began = clock()
      const version = await versions.get(project, payload.model, payload.version)
      if (version.gate === 'passed' || version.gate === 'failed') return { result: { state: version.gate } }
      if (!version.holdout || version.digest === null || version.kind === null)
        throw new KedgeError('conflict', {
          what: `Version ${version.version} of ${version.model} has no ${version.holdout ? 'model folder' : 'held-out rows'}, so no gate can decide about it`,
        })
      const spec = fromJson<ModelSpec>((await models.find(project, payload.model)).spec)
      const current = await aliases.resolve(project, payload.model, 'champion')
      const champion =
        current === null || current === version.version
          ? undefined
          : await versions.get(project, payload.model, current)
      const local = async (use: { dataset: string; version: number }) =>
        files.localFile(project, use.dataset, use.version)
      const training = version.datasetVersions.filter(
        (use) => use.dataset !== version.holdout!.dataset || use.version !== version.holdout!.version,
      )
      const scratch = join(dataDirectory, 'scratch', `gate-${job.id}-${randomBytes(4).toString('hex')}`)
      await mkdir(scratch, { recursive: true })
      try {
        progress({ doing: 'scoring the held-out rows', champion: champion?.version ?? null })
        const reference = join(scratch, 'reference.parquet')
        const result = await runScoring(
          {
            challenger: { folder: await modelFolder(version.digest), kind: version.kind, environments },
            champion:
              champion?.digest && champion.kind
                ? { folder: await modelFolder(champion.digest), kind: champion.kind }
                : undefined,
            holdout: await local(version.holdout),
            training: await Promise.all(training.map(local)),
            rules: spec?.gate ?? null,
            confidence,
            reference,
          },
          { signal, print: (line) => log.info({ line }, 'scoring process') },
        )
        const blob = await blobs.putFile(reference, { move: true })
        const evidence: GateEvidence = {
          rows: result.rows,
          positives: result.positives,
          task: result.task,
          holdout: version.holdout,
          window: result.window,
          confidence,
          rules: result.rules,
          seconds: (clock() - began) / 1000,
        }
        const state = result.rules.every((rule) => rule.outcome !== 'failed') ? 'passed' : 'failed'
        return {
          result: { state, champion: champion?.version ?? null, rules: result.rules },
          commit: (change) =>
            decide(change, project, payload, {
              champion: champion?.version ?? null,
              state,
              stored: { evidence },
              reasons: result.rules
                .filter((rule) => state === 'passed' || rule.outcome === 'failed')
                .map((rule) => `${rule.rule}: ${rule.reason}`),
              reference: blob.digest,
              description: result.description,
            }),
        }
      } finally {
        await rm(scratch, { recursive: true, force: true })
      }
    },
    failed: (job, error, change) =>
      decide(change, job.project, job.payload, {
        champion: null,
        state: 'failed',
        stored: { error: error.message },
        reasons: [error.message],
      }),
  })

  return {
    /** Asks for the decision about a version again, for example after the rules were changed. */
    evaluate: (
      context: { actor: string; cause?: number },
      project: string,
      model: string,
      version: number,
    ): Promise<{ jobId: number | undefined }> =>
      journal.change(context, async (change) => {
        const row = await versions.findIn(change, project, model, version)
        if (row.holdout === null)
          throw new KedgeError('conflict', { what: `Version ${version} of ${model} has no held-out rows to decide on` })
        await versions.touch(change, row, { gate: 'waiting' })
        return { jobId: await jobs.enqueue(change, gateJob(project, model, version)) }
      }),

    /** Decisions about a version, or about all of a model, newest first. */
    async results(project: string, model: string, version?: number): Promise<GateResult[]> {
      let query = store.read
        .selectFrom('gate_results')
        .selectAll()
        .where('project', '=', project)
        .where('model', '=', model)
      if (version !== undefined) query = query.where('version', '=', version)
      const rows = await query.orderBy('id', 'desc').limit(200).execute()
      return rows.map((row) => {
        const stored = fromJson<Stored>(row.evidence)
        return {
          id: row.id,
          model: row.model,
          version: row.version,
          champion: row.champion,
          state: row.state,
          evidence: stored.evidence ?? null,
          error: stored.error ?? null,
          createdAt: row.created_at,
        }
      })
    },
  }
}

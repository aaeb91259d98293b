import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import type { ExplainAside } from '../serving/explain/explain-aside.ts'
import type { BackgroundRows, Explanations as Explained, ModelProfile } from '../serving/explain/explanation.ts'
import { createExplanationBackground } from './explanation-background.ts'
import { createExplanationBaselines } from './explanation-baseline.ts'
import { createExplanationDue, createExplanationRound } from './explanation-due.ts'
import { createExplanationJob } from './explanation-job.ts'
import { createExplanationModels } from './explanation-model.ts'
import { createModelProfiles } from './explanation-profiles.ts'
import { drawReference, instanceOf } from './explanation-rows.ts'
import { createExplanationStore, type ExplanationFilter } from './explanation-store.ts'
import {
  type ExplanationHistory,
  explanationHistory,
  type GlobalImportance,
  globalImportance,
  type SampledExplanations,
  sampledExplanations,
} from './explanation-views.ts'
import { readPredictions } from './prediction-rows.ts'
import type { ParquetTable } from './reference.ts'
import { createSettingsStore } from './settings-store.ts'
import type { EndpointKey } from './stale.ts'

export interface LocalExplanation extends Omit<Explained, 'values' | 'errors' | 'outputs' | 'scores' | 'residuals'> {
  id: string
  time: number
  revision: number
  model: string
  version: number
  /** the score on record, and what the model gives now */
  recorded: number | null
  score: number
  output: number
  residual: number
  attributions: { feature: string; value: number | string | null; attribution: number; error: number | null }[]
}

/** What models make their predictions of, over time and in single ones. */
export interface ExplanationService {
  importance(key: EndpointKey, filter: ExplanationFilter, segment: string): Promise<GlobalImportance>
  history(key: EndpointKey, filter: ExplanationFilter, segment: string): Promise<ExplanationHistory>
  sample(key: EndpointKey, filter: ExplanationFilter, most: number): Promise<SampledExplanations>
  /** Explains one recorded prediction anew. Errors: `not_found`, `unsupported`, and those of `ExplainAside`. */
  prediction(key: EndpointKey, id: string, options?: { revision?: number; method?: string }): Promise<LocalExplanation>
  /** Permutation importance and partial dependence on the held-out rows of the reference. Errors: as above. */
  profile(project: string, model: string, version: number): Promise<ModelProfile & { computedAt: number }>
  /** Rows over which explanations of a version average; undefined without any. Errors: `not_found`. */
  background(project: string, model: string, version: number): Promise<BackgroundRows | undefined>
  /** Has the days explained that are due. How many there are. */
  refresh(context: ChangeContext, key: EndpointKey): Promise<number>
  /** Begins to look for days that are due. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface ExplanationDependencies {
  environment: Environment
  /** a Parquet blob as a table of the events engine */
  table: ParquetTable
  aside: ExplainAside
}

const timeout = 30_000

/** Puts explanations together and registers their jobs. */
export function createExplanations({ environment, table, aside }: ExplanationDependencies): ExplanationService {
  const { events, jobs, journal } = environment
  const store = createExplanationStore(environment)
  const models = createExplanationModels(environment)
  const due = createExplanationDue(environment, store)
  const background = createExplanationBackground(environment, models, table)

  const baselines = createExplanationBaselines({
    environment,
    store,
    reference: async ({ reference }, most) =>
      reference === null ? [] : (await drawReference(events, table, reference, most, { heldOut: true })).instances,
  })

  jobs.handle(
    createExplanationJob({
      environment,
      store,
      models,
      due,
      aside,
      background,
      baselines,
      // only what a window is matters here
      settings: createSettingsStore({ ...environment, kinds: [] }),
    }),
  )
  jobs.handle(createExplanationRound(environment, due))
  const profiles = createModelProfiles({ environment, models, table, aside, background })
  const views = { events, store, baselines }

  return {
    importance: (key, filter, segment) => globalImportance(views, key, filter, segment),
    history: (key, filter, segment) => explanationHistory(views, key, filter, segment),
    sample: (key, filter, most) => sampledExplanations(views, key, filter, most),
    profile: profiles.of,

    async prediction(key, id, { revision, method } = {}) {
      const found = await readPredictions(events, key, { id, ...(revision === undefined ? {} : { revision }) })
      const row = found.find(({ shadow }) => !shadow) ?? found[0]
      if (!row) throw new KedgeError('not_found', { kind: 'Prediction', name: id })
      const version = (await models.revisions(key)).get(row.revision)
      if (!version)
        throw new KedgeError('unsupported', { what: 'Explaining predictions of a model that is served elsewhere' })
      const masked = (await models.masked(key)).filter((name) => !name.startsWith('$'))
      if (masked.length > 0)
        throw new KedgeError('unsupported', {
          what: `Explaining predictions whose features stand masked on record (${masked.join(', ')})`,
        })
      const leave = aside.enter()
      try {
        const instance = instanceOf(row, Object.keys(row.features))
        const { values, errors, outputs, scores, residuals, ...explained } = await aside.explain({
          model: await models.folder(version),
          background: await background(key.project, version),
          instances: [instance],
          method,
          timeout,
        })
        return {
          ...explained,
          id,
          time: row.time,
          revision: row.revision,
          model: version.model,
          version: version.version,
          recorded: row.score,
          score: scores[0]!,
          output: outputs[0]!,
          residual: residuals[0]!,
          attributions: explained.features.map((feature, j) => ({
            feature,
            value: instance[feature] ?? null,
            attribution: values[0]![j]!,
            error: errors ? errors[0]![j]! : null,
          })),
        }
      } finally {
        leave()
      }
    },

    background: async (project, model, version) => background(project, await models.version(project, model, version)),

    async refresh(context, key) {
      const waiting = (await due.of(key)).length
      if (waiting > 0)
        await journal.change(context, async (change) => {
          await due.enqueue(change, jobs, key)
        })
      return waiting
    },

    async start() {
      await journal.change({ actor: 'monitoring' }, (change) =>
        jobs.schedule(change, {
          name: 'explanations',
          cron: '*/10 * * * *',
          kind: 'monitoring.explain_due',
          project: '',
          payload: {},
        }),
      )
    },
    stop: aside.close,
  }
}

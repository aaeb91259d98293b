import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { Accounts } from '../../pipelines/accounts.ts'
import type { Registry } from '../../registry/registry.ts'
import { artifactPath, artifactRoot, joinPath } from '../../tracking/artifact-path.ts'
import type { Experiment } from '../../tracking/experiment.ts'
import type { Run } from '../../tracking/run.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import { sendFile } from '../mlflow/send-file.ts'
import { page, route } from '../route.ts'
import { inProject, search, selection, tag, view, viewOf } from './run-selection.ts'
import { runTableRoutes } from './run-table-routes.ts'
import {
  artifactList,
  experimentAnswer,
  metricHistory,
  runComparison,
  runDetail,
  runList,
  runSummary,
} from './schemas/tracking.ts'

const ofRun = inProject.extend({ run: z.string() })
const base = '/api/v1/projects/:project'
const mostCompared = 500

const plotRange = {
  points: z.coerce.number().int().min(4).max(100_000).default(1000),
  axis: z.enum(['step', 'time', 'elapsed']).default('step'),
  from: z.coerce.number().optional().describe('a step, or milliseconds since 1970 or since the first point'),
  to: z.coerce.number().optional(),
}

/** JSON has no NaN: a metric that is none is null. */
const number = (value: number) => (Number.isFinite(value) ? value : null)

const point = ({ step, time, value }: { step: number; time: number; value: number }) => ({
  step,
  time,
  value: number(value),
})

const experiment = ({ id, name, state, tags, createdAt, updatedAt }: Experiment, runs: number) => ({
  id,
  name,
  state,
  tags,
  runs,
  createdAt,
  updatedAt,
})

const summary = (run: Run): z.input<typeof runSummary> => ({
  id: run.id,
  name: run.name,
  experimentId: run.experimentId,
  experiment: run.experiment,
  user: run.user,
  status: run.status,
  state: run.state,
  startTime: run.startTime,
  endTime: run.endTime,
  pipelineRun: run.pipelineRun,
  step: run.step,
  params: run.params,
  metrics: Object.fromEntries(Object.entries(run.metrics).map(([key, point]) => [key, number(point.value)])),
  tags: run.tags,
})

/** A run without what it has logged. */
const facts = (row: Awaited<ReturnType<Tracking['runs']['facts']>>['items'][number]): z.input<typeof runSummary> => ({
  id: row.id,
  name: row.name,
  experimentId: row.experiment_id,
  experiment: row.experiment_name,
  user: row.user_id,
  status: row.status,
  state: row.state,
  startTime: row.start_time,
  endTime: row.end_time,
  pipelineRun: row.pipeline_run,
  step: row.step,
  params: {},
  metrics: {},
  tags: {},
})

/** Experiments and runs over Kedge's own API. */
export function trackingRoutes(
  app: FastifyInstance,
  { tracking, registry, accounts }: { tracking: Tracking; registry: Registry; accounts?: Accounts },
): void {
  runTableRoutes(app, tracking)
  const { experiments, runs, plots, artifacts, loggedModels } = tracking

  route(app, {
    method: 'GET',
    url: `${base}/experiments`,
    permission: 'read',
    summary: 'Lists the experiments of a project with how many runs each has',
    tag,
    params: inProject,
    query: z.object({ view }),
    answer: z.object({ items: z.array(experimentAnswer) }),
    async handler({ params, query }) {
      const { items } = await experiments.search(params.project, { view: viewOf(query.view), maxResults: 50_000 })
      const counts = await experiments.runCounts(params.project)
      return { items: items.map((item) => experiment(item, counts.get(item.id) ?? 0)) }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/runs`,
    permission: 'read',
    summary:
      'Lists runs with their params, latest metrics and tags; `filter` is MLflow’s language with OR, NOT and parentheses',
    tag,
    params: inProject,
    query: page.extend({
      values: z.stringbool().default(true).describe('false: without params, metrics and tags'),
      ...selection,
    }),
    answer: runList,
    async handler({ params, query }) {
      const asked = { ...search(query), limit: query.limit, offset: query.offset }
      if (!query.values) {
        const { items, total } = await runs.facts(params.project, asked)
        return { items: items.map(facts), total, columns: { params: [], metrics: [], tags: [] } }
      }
      const { items, total } = await runs.list(params.project, asked)
      const keys = (of: (run: Run) => object) => [...new Set(items.flatMap((run) => Object.keys(of(run))))].sort()
      return {
        items: items.map(summary),
        total,
        columns: {
          params: keys((run) => run.params),
          metrics: keys((run) => run.metrics),
          tags: keys((run) => run.tags).filter((key) => !key.startsWith('mlflow.')),
        },
      }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/runs/compare`,
    permission: 'read',
    summary: 'Sets runs side by side: what is equal and what differs',
    tag,
    params: inProject,
    query: z.object({ runs: z.string().describe('ids of runs, separated by commas') }),
    answer: runComparison,
    async handler({ params, query }) {
      const ids = [...new Set(query.runs.split(',').filter(Boolean))]
      if (ids.length === 0) throw new KedgeError('invalid_input', { what: 'No run to compare' })
      if (ids.length > mostCompared)
        throw new KedgeError('too_large', { what: 'The comparison', limit: `${mostCompared} runs` })
      const { items } = await runs.list(params.project, {
        filter: `run_id IN (${ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')})`,
        view: 'ALL',
        limit: mostCompared,
        offset: 0,
      })
      const byId = new Map(items.map((run) => [run.id, run]))
      const found = ids.map((id) => {
        const run = byId.get(id)
        if (!run) throw new KedgeError('not_found', { kind: 'Run with id', name: id })
        return run
      })
      const shown = found.map(summary)
      const sheet = <T>(of: (run: (typeof shown)[number]) => Record<string, T>) => {
        const columns = shown.map(of)
        return [...new Set(columns.flatMap((column) => Object.keys(column)))].sort().map((key) => {
          const values = columns.map((column) => column[key] ?? null)
          return { key, values, differs: new Set(values).size > 1 }
        })
      }
      return {
        runs: shown,
        params: sheet((run) => run.params),
        metrics: sheet((run) => run.metrics),
        tags: sheet((run) => run.tags),
      }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/runs/:run`,
    permission: 'read',
    summary: 'Shows a run with its inputs, models, what was registered from it, and what it ran with, used and cost',
    tag,
    params: ofRun,
    answer: runDetail,
    async handler({ params }) {
      const run = await runs.get(params.project, params.run)
      const versions = await registry.versions.ofRun(params.project, run.id)
      const models = await Promise.all(
        run.models.map(async (use) => {
          const model = await loggedModels.get(params.project, use.id, true).catch(() => undefined)
          return { id: use.id, name: model?.name ?? use.id, direction: use.direction, step: use.step }
        }),
      )
      return {
        ...summary(run),
        artifactUri: run.artifactUri,
        latest: Object.entries(run.metrics).map(([key, point]) => ({
          key,
          value: number(point.value),
          step: point.step,
          time: point.time,
        })),
        inputs: run.datasets.map(({ name, digest, sourceType, source, tags }) => ({
          name,
          digest,
          sourceType,
          source,
          context: tags.find((entry) => entry.key === 'mlflow.data.context')?.value ?? null,
        })),
        loggedModels: models,
        modelVersions: versions.map(({ model, version }) => ({ model, version })),
        ...(await accounts?.ofRun(run)),
      }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/runs/:run/metrics`,
    permission: 'read',
    summary: 'The points of a metric by step, or a range of them, thinned to about `points` with the extremes kept',
    tag,
    params: ofRun,
    query: z.object({ key: z.string().min(1), ...plotRange }),
    answer: metricHistory,
    async handler({ params, query }) {
      await runs.find(params.project, params.run)
      const [curve] = await plots.curves(params.project, [{ run: params.run, key: query.key }], query.points, query)
      return { key: query.key, ...curve!, points: curve!.points.map(point) }
    },
  })

  route(app, {
    method: 'POST',
    url: `${base}/runs/curves`,
    permission: 'read',
    summary:
      'Metrics of several runs at once, each thinned as for a plot; a metric that a run has not got has no points',
    tag,
    params: inProject,
    body: z.object({
      curves: z
        .array(z.object({ run: z.string(), key: z.string() }))
        .min(1)
        .max(mostCompared),
      ...plotRange,
    }),
    answer: z.object({ items: z.array(metricHistory.extend({ run: z.string() })) }),
    async handler({ params, body }) {
      const found = await plots.curves(params.project, body.curves, body.points, body)
      return { items: found.map((curve, i) => ({ ...body.curves[i]!, ...curve, points: curve.points.map(point) })) }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/runs/:run/artifacts`,
    permission: 'read',
    summary: 'Lists a directory of the files that a run has logged',
    tag,
    params: ofRun,
    query: z.object({ path: z.string().default('') }),
    answer: artifactList,
    async handler({ params, query }) {
      const root = artifactRoot((await runs.get(params.project, params.run)).artifactUri)
      const inside = artifactPath(query.path)
      const items = await artifacts.list(params.project, joinPath(root, inside))
      return { items: items.map((item) => ({ ...item, path: joinPath(inside, item.name) })) }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/runs/:run/artifacts/file`,
    permission: 'read',
    summary: 'Streams a file that a run has logged; ranges are possible',
    tag,
    params: ofRun,
    query: z.object({ path: z.string().min(1) }),
    async handler(request, reply) {
      const { project, run } = request.params
      const root = artifactRoot((await runs.get(project, run)).artifactUri)
      return sendFile({ project, request, reply }, artifacts, joinPath(root, artifactPath(request.query.path)))
    },
  })

  for (const [verb, change] of [
    ['delete', runs.delete],
    ['restore', runs.restore],
  ] as const)
    route(app, {
      method: 'POST',
      url: `${base}/runs/:run/${verb}`,
      permission: 'tracking.write',
      summary: verb === 'delete' ? 'Marks a run as deleted' : 'Restores a deleted run',
      tag,
      params: ofRun,
      answer: runSummary,
      async handler({ params, actor }) {
        await change({ actor }, params.project, params.run)
        return summary(await runs.get(params.project, params.run))
      },
    })
}

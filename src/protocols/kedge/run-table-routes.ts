import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Tracking } from '../../tracking/tracking.ts'
import { route } from '../route.ts'
import { inProject, search, selected, selection, tag } from './run-selection.ts'
import { bulkAnswer, runCells, runColumnList, runGroups, runView } from './schemas/tracking.ts'

const base = '/api/v1/projects/:project/runs'
const some = z.array(z.string().min(1).max(600)).min(1)
const list = (text: string | undefined) => text?.split(',').filter(Boolean)

/** What a table of very many and very wide runs asks for: columns, tiles of values, groups, saved views, changes in bulk. */
export function runTableRoutes(app: FastifyInstance, { runs, columns, cells, groups, bulk, views }: Tracking): void {
  route(app, {
    method: 'GET',
    url: `${base}/columns`,
    permission: 'read',
    summary: 'Lists the metrics, params and tags that runs have, with how many runs have each; at most 20 seconds old',
    tag,
    params: inProject,
    query: z.object({ experiment: selection.experiment }),
    answer: runColumnList,
    handler: ({ params, query }) => columns.columns(params.project, list(query.experiment)),
  })
  route(app, {
    method: 'GET',
    url: `${base}/columns/values`,
    permission: 'read',
    summary:
      'Values of a param, tag or attribute in the newest 5,000 runs that begin with `prefix`, the most frequent first',
    tag,
    params: inProject,
    query: z.object({
      field: z.string().min(1).describe('such as params.model or attributes.status'),
      prefix: z.string().max(500).default(''),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    answer: z.object({ items: z.array(z.object({ value: z.string(), runs: z.number() })) }),
    handler: async ({ params, query }) => ({
      items: await columns.values(params.project, query.field, query.prefix, query.limit),
    }),
  })
  route(app, {
    method: 'POST',
    url: `${base}/cells`,
    permission: 'read',
    summary: 'The values of some columns in some runs: a tile of a table that is too large to be sent as a whole',
    tag,
    params: inProject,
    body: z.object({
      runs: z.array(z.string()).min(1).max(1000),
      fields: some.max(500).describe('such as metrics.auc, params.model, tags.team'),
    }),
    answer: runCells,
    async handler({ params, body }) {
      const rows = await cells(params.project, body.runs, body.fields)
      const shown = (value: string | number | null) =>
        typeof value === 'number' && Number.isNaN(value) ? 'NaN' : value
      return {
        fields: body.fields,
        rows: Object.fromEntries([...rows].map(([id, values]) => [id, values.map(shown)])),
      }
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/ids`,
    permission: 'read',
    summary: 'The ids of the runs that a filter finds, in their order; at most 10,000',
    tag,
    params: inProject,
    query: z.object(selection),
    answer: z.object({ items: z.array(z.string()) }),
    handler: async ({ params, query }) => ({
      items: await runs.ids(params.project, { ...search(query), limit: selected.most }),
    }),
  })
  route(app, {
    method: 'GET',
    url: `${base}/groups`,
    permission: 'read',
    summary:
      'Runs by the values of params, tags or attributes: how many, and mean, least and most of metrics in each group',
    tag,
    params: inProject,
    query: z.object({
      ...selection,
      by: z.string().min(1).describe('fields separated by commas, such as params.model,tags.team'),
      metrics: z.string().optional().describe('keys of metrics, separated by commas'),
    }),
    answer: runGroups,
    async handler({ params, query }) {
      const where = await runs.matching(params.project, search(query))
      return groups(where, list(query.by) ?? [], list(query.metrics) ?? [])
    },
  })
  route(app, {
    method: 'POST',
    url: `${base}/bulk`,
    permission: 'tracking.write',
    summary: 'Deletes, restores or tags many runs in one step; answers which have changed, so that it can be undone',
    tag,
    params: inProject,
    body: z.discriminatedUnion('action', [
      z.object({ action: z.literal('delete'), runs: selected.ids }),
      z.object({ action: z.literal('restore'), runs: selected.ids }),
      z.object({
        action: z.literal('tag'),
        runs: selected.ids,
        key: z.string(),
        value: z.string().nullable().describe('null takes the tag away'),
      }),
    ]),
    answer: bulkAnswer,
    async handler({ params: { project }, body, actor }) {
      if (body.action === 'tag') {
        const before = await bulk.tagAll({ actor }, project, body.runs, body.key, body.value)
        return { changed: [...before.keys()], before: Object.fromEntries(before) }
      }
      const change = body.action === 'delete' ? bulk.deleteAll : bulk.restoreAll
      return { changed: await change({ actor }, project, body.runs), before: {} }
    },
  })

  const ofView = inProject.extend({ view: z.string().min(1) })
  const answer = z.object({ items: z.array(runView) })
  const all = async (project: string) => ({ items: await views.list(project) })
  route(app, {
    method: 'GET',
    url: `${base}/views`,
    permission: 'read',
    summary: 'Lists the saved views of the table of runs',
    tag,
    params: inProject,
    answer,
    handler: ({ params }) => all(params.project),
  })
  route(app, {
    method: 'PUT',
    url: `${base}/views/:view`,
    permission: 'tracking.write',
    summary: 'Saves what the table of runs shows under a name',
    tag,
    params: ofView,
    body: z.object({ query: z.string().describe("the table's part of the page's address") }),
    answer,
    async handler({ params, body, actor }) {
      await views.put(actor, params.project, params.view, body.query)
      return all(params.project)
    },
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/views/:view`,
    permission: 'tracking.write',
    summary: 'Forgets a saved view',
    tag,
    params: ofView,
    answer,
    async handler({ params }) {
      await views.delete(params.project, params.view)
      return all(params.project)
    },
  })
}

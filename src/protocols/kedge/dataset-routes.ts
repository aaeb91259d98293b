import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import type { DeclaredDataset } from '../../data/declarations.ts'
import { KedgeError } from '../../errors.ts'
import { route } from '../route.ts'
import { base, by, declaration, inProject, listOf, named, tag } from './data-parameters.ts'
import {
  datasetAnswer,
  materialiseAnswer,
  materialiseBody,
  previewAnswer,
  previewBody,
  sqlAnswer,
} from './schemas/data.ts'
import { freshnessAnswer } from './schemas/freshness.ts'

const hasCommand = ({ curate }: Record<string, unknown>) =>
  Array.isArray(curate) && curate.some((step) => (step as { run?: unknown } | null)?.run !== undefined)

/** Datasets over REST: their declarations, a preview of these, and the making of versions. */
export function datasetRoutes(
  app: FastifyInstance,
  { datasets, drafts, freshness }: Pick<Data, 'datasets' | 'drafts' | 'freshness'>,
): void {
  async function described(project: string, dataset: DeclaredDataset) {
    const { name } = dataset
    const { total } = await datasets.versions(project, name, { limit: 1 })
    return {
      ...dataset,
      spec: { ...dataset.spec },
      latest: (await datasets.latest(project, name)) ?? null,
      versions: total,
    }
  }

  route(app, {
    method: 'GET',
    url: `${base}/datasets`,
    permission: 'read',
    summary: 'Lists the datasets of a project with their newest versions',
    tag,
    params: inProject,
    answer: listOf(datasetAnswer),
    handler: async ({ params }) => {
      const declared = await datasets.list(params.project)
      return { items: await Promise.all(declared.map((dataset) => described(params.project, dataset))) }
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/freshness`,
    permission: 'read',
    summary: 'How old each dataset is against how old it may be; its pulls, failures and owner',
    tag,
    params: inProject,
    answer: listOf(freshnessAnswer),
    handler: async ({ params }) => ({ items: await freshness(params.project) }),
  })
  route(app, {
    method: 'GET',
    url: `${base}/datasets/:name`,
    permission: 'read',
    summary: 'Shows a dataset',
    tag,
    params: named,
    answer: datasetAnswer,
    handler: async ({ params }) => described(params.project, await datasets.get(params.project, params.name)),
  })
  route(app, {
    method: 'PUT',
    url: `${base}/datasets/:name`,
    permission: 'data.write',
    summary: 'Declares or changes a dataset',
    tag,
    params: named,
    body: declaration,
    answer: datasetAnswer,
    handler: async (request) => {
      const { project, name } = request.params
      // a command runs with the rights of the server, so it takes more than the right to write data
      if (hasCommand(request.body))
        throw new KedgeError(
          'forbidden',
          { permission: 'project.write' },
          { todo: 'Declare steps that are commands in kedge.yaml and apply it.' },
        )
      return described(project, await datasets.put(by(request), project, name, request.body))
    },
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/datasets/:name`,
    permission: 'data.write',
    summary: 'Removes a dataset; its versions stay',
    tag,
    params: named,
    answer: z.object({}),
    handler: async (request) => {
      await datasets.remove(by(request), request.params.project, request.params.name)
      return {}
    },
  })
  route(app, {
    method: 'POST',
    url: `${base}/datasets/:name/materialise`,
    permission: 'data.write',
    summary: 'Starts a job that makes a version; the same inputs give the existing one',
    tag,
    params: named,
    body: materialiseBody.optional(),
    answer: materialiseAnswer,
    status: 202,
    handler: (request) =>
      datasets.materialise(by(request), request.params.project, request.params.name, request.body ?? {}),
  })

  route(app, {
    method: 'POST',
    url: `${base}/datasets/preview`,
    permission: 'data.write',
    summary:
      'Does the steps of a declaration on the first rows of its source: what comes, goes and changes at each step',
    tag,
    params: inProject,
    body: previewBody,
    answer: previewAnswer,
    handler: ({ params, body: { spec, ...options } }) => drafts.preview(params.project, spec, options),
  })
  route(app, {
    method: 'GET',
    url: `${base}/datasets/:name/sql`,
    permission: 'read',
    summary: 'Shows the SQL that the steps of a dataset are compiled to',
    tag,
    params: named,
    answer: sqlAnswer,
    handler: ({ params }) => drafts.sql(params.project, params.name),
  })
}

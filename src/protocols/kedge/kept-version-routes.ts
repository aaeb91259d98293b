import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import { importedVersion } from '../../data/import-versions.ts'
import { route } from '../route.ts'
import { base, by, inProject, listOf, named, numbered, tag, versions } from './data-parameters.ts'
import { materialiseAnswer } from './schemas/data.ts'

const tagged = named.extend({ tag: z.string().regex(/^(?!latest$)[a-z][a-z0-9._-]{0,62}$/, 'is no tag') })

/** Which versions are named and kept, over REST. */
export function keptVersionRoutes(
  app: FastifyInstance,
  { datasets, kept, imports }: Pick<Data, 'datasets' | 'kept' | 'imports'>,
): void {
  route(app, {
    method: 'POST',
    url: `${base}/dataset-imports`,
    permission: 'data.write',
    summary: 'Makes a version of an uploaded file that another tool had versioned; the same again makes none',
    tag,
    params: inProject,
    body: importedVersion,
    answer: materialiseAnswer,
    status: 202,
    handler: (request) => imports.enqueue(by(request), request.params.project, request.body),
  })
  route(app, {
    method: 'GET',
    url: `${base}/datasets/:name/tags`,
    permission: 'read',
    summary: 'Lists the names that versions of a dataset have',
    tag,
    params: named,
    answer: listOf(z.object({ tag: z.string(), version: z.number(), actor: z.string(), createdAt: z.number() })),
    handler: async ({ params }) => ({ items: await kept.tags(params.project, params.name) }),
  })
  route(app, {
    method: 'PUT',
    url: `${base}/datasets/:name/tags/:tag`,
    permission: 'data.write',
    summary: 'Names a version of a dataset; a name that is taken moves',
    tag,
    params: tagged,
    body: z.strictObject({ version: z.number().int().min(1) }),
    answer: z.object({}),
    async handler(request) {
      const { project, name, tag: word } = request.params
      await kept.tag(by(request), project, name, word, request.body.version)
      return {}
    },
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/datasets/:name/tags/:tag`,
    permission: 'data.write',
    summary: 'Takes a name of a version away',
    tag,
    params: tagged,
    answer: z.object({}),
    async handler(request) {
      await kept.untag(by(request), request.params.project, request.params.name, request.params.tag)
      return {}
    },
  })
  route(app, {
    method: 'PUT',
    url: `${versions}/:version/pin`,
    permission: 'data.write',
    summary: 'Keeps the rows of a version whatever the retention says, or no longer',
    tag,
    params: numbered,
    body: z.strictObject({ pinned: z.boolean() }),
    answer: z.object({}),
    async handler(request) {
      const { project, name } = request.params
      const { version } = await datasets.version(project, name, request.params.version)
      await kept.pin(by(request), project, name, version, request.body.pinned)
      return {}
    },
  })
}

import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import { route } from '../route.ts'
import { base, by, declaration, inProject, listOf, named, tag } from './data-parameters.ts'
import {
  folderAnswer,
  foundThere,
  kindsAnswer,
  sourceAnswer,
  sourcePreviewAnswer,
  sourceTestAnswer,
} from './schemas/data.ts'

/** Sources over REST: their declarations, a try of them and their first rows. */
export function sourceRoutes(app: FastifyInstance, { sources, kinds }: Pick<Data, 'sources' | 'kinds'>): void {
  route(app, {
    method: 'GET',
    url: '/api/v1/data/kinds',
    permission: 'read',
    summary: 'Kinds of sources, steps and expectations that there are, with the JSON Schema of each',
    tag,
    answer: kindsAnswer,
    handler: async () => kinds(),
  })
  route(app, {
    method: 'GET',
    url: `${base}/sources`,
    permission: 'read',
    summary: 'Lists the sources of a project',
    tag,
    params: inProject,
    answer: listOf(sourceAnswer),
    handler: async ({ params }) => ({ items: await sources.list(params.project) }),
  })
  route(app, {
    method: 'GET',
    url: `${base}/sources/:name`,
    permission: 'read',
    summary: 'Shows a source',
    tag,
    params: named,
    answer: sourceAnswer,
    handler: ({ params }) => sources.get(params.project, params.name),
  })
  route(app, {
    method: 'PUT',
    url: `${base}/sources/:name`,
    permission: 'data.write',
    summary: 'Declares or changes a source',
    tag,
    params: named,
    body: declaration,
    answer: sourceAnswer,
    handler: (request) => sources.put(by(request), request.params.project, request.params.name, request.body),
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/sources/:name`,
    permission: 'data.write',
    summary: 'Removes a source that no dataset reads from',
    tag,
    params: named,
    answer: z.object({}),
    handler: async (request) => {
      await sources.remove(by(request), request.params.project, request.params.name)
      return {}
    },
  })
  route(app, {
    method: 'POST',
    url: `${base}/sources/test`,
    permission: 'data.write',
    summary: 'Tries a source that is not declared yet and shows its columns',
    tag,
    params: inProject,
    body: declaration,
    answer: sourceTestAnswer,
    handler: ({ params, body }) => sources.testConfig(params.project, body),
  })
  route(app, {
    method: 'POST',
    url: `${base}/sources/:name/test`,
    permission: 'data.write',
    summary: 'Tries a source and shows its columns',
    tag,
    params: named,
    answer: sourceTestAnswer,
    handler: ({ params }) => sources.test(params.project, params.name),
  })
  route(app, {
    method: 'GET',
    url: `${base}/sources/:name/preview`,
    permission: 'read',
    summary: 'Shows the first rows of a source',
    tag,
    params: named,
    query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(50) }),
    answer: sourcePreviewAnswer,
    handler: ({ params, query }) => sources.preview(params.project, params.name, query.limit),
  })
  route(app, {
    method: 'POST',
    url: `${base}/sources/preview`,
    permission: 'data.write',
    summary: 'Shows the first rows of a source that is not declared yet, and what was found by looking at it',
    tag,
    params: inProject,
    body: z.strictObject({ config: declaration, limit: z.number().int().min(1).max(1000).default(50) }),
    answer: sourcePreviewAnswer,
    handler: ({ params, body }) => sources.previewConfig(params.project, body.config, body.limit),
  })
  route(app, {
    method: 'POST',
    url: `${base}/sources/discover`,
    permission: 'data.write',
    summary: 'Lists what there is to read at a place, such as the tables of a database',
    tag,
    params: inProject,
    body: declaration,
    answer: z.object({
      items: z.array(foundThere).nullable().meta({ description: 'null for kinds that read one thing' }),
    }),
    handler: async ({ params, body }) => ({ items: await sources.discover(params.project, body) }),
  })
  route(app, {
    method: 'GET',
    url: `${base}/sources/folder`,
    permission: 'data.write',
    summary: 'Shows a folder of the machine where the server runs, as far as sources may read there',
    tag,
    params: inProject,
    query: z.object({ path: z.string().max(4096).default('') }),
    answer: folderAnswer,
    handler: ({ query }) => sources.folder(query.path),
  })
}

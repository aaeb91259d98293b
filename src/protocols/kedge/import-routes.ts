import type { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ModelImport } from '../../registry/import-models.ts'
import type { TrackingImport } from '../../tracking/import-content.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import { route } from '../route.ts'
import { inProject } from './run-selection.ts'
import {
  importCheck,
  importedExperiment,
  importedLoggedModel,
  importedModel,
  importedPoints,
  importedRun,
  importFiles,
  importOutcomes,
} from './schemas/import.ts'

const tag = 'import'
const base = '/api/v1/projects/:project/import'
const items = <T extends z.ZodType>(item: T, most = 1000) => z.strictObject({ items: z.array(item).max(most) })

/**
 * Takes in what another server holds, with its ids and times. Everything can be sent again: what is there already is left
 * as it is, and what differs is said.
 */
export function importRoutes(
  app: FastifyInstance,
  { content, models, tracking }: { content: TrackingImport; models: ModelImport; tracking: Tracking },
): void {
  route(app, {
    method: 'POST',
    url: `${base}/experiments`,
    permission: 'tracking.write',
    summary:
      'Takes in experiments with their ids; one whose name is there is that one, one whose id is taken gets another',
    tag,
    params: inProject,
    body: items(importedExperiment),
    answer: importOutcomes,
    handler: async ({ actor, params, body }) => ({
      items: await content.experiments({ actor }, params.project, body.items),
    }),
  })

  route(app, {
    method: 'POST',
    url: `${base}/runs`,
    permission: 'tracking.write',
    summary: 'Takes in runs with ids, times, params, tags and inputs',
    tag,
    params: inProject,
    body: items(importedRun, 500),
    answer: importOutcomes,
    handler: async ({ actor, params, body }) => ({ items: await content.runs({ actor }, params.project, body.items) }),
  })

  route(app, {
    method: 'POST',
    url: `${base}/points`,
    permission: 'tracking.write',
    summary: 'Takes in points of metrics; a point that is there already is left alone',
    tag,
    params: inProject,
    body: items(importedPoints),
    status: 204,
    handler: ({ actor, params, body }) => content.points({ actor }, params.project, body.items),
  })

  route(app, {
    method: 'POST',
    url: `${base}/logged-models`,
    permission: 'tracking.write',
    summary: 'Takes in logged models with ids and times',
    tag,
    params: inProject,
    body: items(importedLoggedModel),
    answer: importOutcomes,
    handler: async ({ actor, params, body }) => ({
      items: await content.loggedModels({ actor }, params.project, body.items),
    }),
  })

  route(app, {
    method: 'POST',
    url: `${base}/models`,
    permission: 'registry.write',
    summary: 'Takes in registered models with their versions, aliases, stages and tags',
    tag,
    params: inProject,
    body: items(importedModel, 100),
    answer: importOutcomes,
    handler: async ({ actor, params, body }) => {
      const outcomes = []
      for (const model of body.items) outcomes.push(await models.model({ actor }, params.project, model))
      return { items: outcomes }
    },
  })

  route(app, {
    method: 'POST',
    url: `${base}/check`,
    permission: 'read',
    summary: 'Counts and digests of what runs hold, to be compared with where they came from',
    tag,
    params: inProject,
    body: z.strictObject({ runs: z.array(z.string()).max(200) }),
    answer: importCheck,
    handler: async ({ params, body }) => ({ items: await content.check(params.project, body.runs) }),
  })

  route(app, {
    method: 'GET',
    url: `${base}/files`,
    permission: 'read',
    summary: 'Every file below a directory of the project’s artifacts, with digests',
    tag,
    params: inProject,
    query: z.object({ root: z.string() }),
    answer: importFiles,
    handler: async ({ params, query }) => ({
      items: (await tracking.artifacts.files(params.project, query.root)).map(({ path, digest, bytes }) => ({
        path,
        digest,
        bytes: Number(bytes),
      })),
    }),
  })

  void app.register(async (scope) => {
    scope.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
    route(scope, {
      method: 'POST',
      url: `${base}/files`,
      permission: 'tracking.write',
      summary: 'Stores the bytes of one artifact (application/octet-stream) at a path of the project’s artifacts',
      tag,
      params: inProject,
      query: z.object({ path: z.string().min(1) }),
      answer: importFiles.shape.items.element,
      handler: async ({ actor, params, query, body }) => {
        const file = await tracking.artifacts.put(
          { actor },
          params.project,
          query.path,
          (body as Readable | null | undefined) ?? Buffer.alloc(0),
        )
        return { path: file.path, digest: file.digest, bytes: Number(file.bytes) }
      },
    })
  })
}

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import { KedgeError } from '../../errors.ts'
import { page, route } from '../route.ts'
import { base, declaration, listOf, named, numbered, tag, versionName, versions } from './data-parameters.ts'
import {
  datasetVersionAnswer,
  datasetVersionSummary,
  diffAnswer,
  expectationAnswer,
  profileAnswer,
  queryAnswer,
  rowsAnswer,
  suggestionAnswer,
  timelineAnswer,
} from './schemas/data.ts'

/** Versions of datasets over REST: what is in them, how they differ, what they promise. */
export function datasetVersionRoutes(
  app: FastifyInstance,
  { datasets, drafts }: Pick<Data, 'datasets' | 'drafts'>,
): void {
  route(app, {
    method: 'GET',
    url: versions,
    permission: 'read',
    summary: 'Lists the versions of a dataset, newest first',
    tag,
    params: named,
    query: page,
    answer: listOf(datasetVersionSummary),
    handler: ({ params, query }) => datasets.versions(params.project, params.name, query),
  })
  route(app, {
    method: 'GET',
    url: `${versions}/:version`,
    permission: 'read',
    summary: 'Shows a version with its profile',
    tag,
    params: numbered,
    answer: datasetVersionAnswer,
    handler: ({ params }) => datasets.version(params.project, params.name, params.version),
  })
  route(app, {
    method: 'GET',
    url: `${versions}/:version/profile`,
    permission: 'read',
    summary: "Shows the profile of a version's columns",
    tag,
    params: numbered,
    answer: profileAnswer,
    handler: async ({ params }) => (await datasets.version(params.project, params.name, params.version)).profile,
  })
  route(app, {
    method: 'GET',
    url: `${versions}/:version/rows`,
    permission: 'read',
    summary: 'Shows rows of a version, all or those for which an expression is true',
    tag,
    params: numbered,
    query: page.extend({
      where: z.string().max(5000).optional().meta({ description: 'an expression, as in a filter: step' }),
    }),
    answer: rowsAnswer,
    handler: ({ params, query }) => datasets.rows(params.project, params.name, params.version, query),
  })
  route(app, {
    method: 'POST',
    url: `${versions}/:version/query`,
    permission: 'read',
    summary: 'Answers a SELECT over the table rows, which are those of the version; nothing else can be read',
    tag,
    params: numbered,
    body: z.strictObject({
      sql: z.string().min(1).max(20_000),
      limit: z.number().int().min(1).max(10_000).default(1000),
    }),
    answer: queryAnswer,
    async handler(request, reply) {
      // whoever leaves does not want the answer any more
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const { project, name, version } = request.params
      return datasets.query(project, name, version, { ...request.body, signal: gone.signal })
    },
  })
  route(app, {
    method: 'GET',
    url: `${versions}/:version/quarantine`,
    permission: 'read',
    summary:
      'Shows the rows that a version has quarantined: as the source gave them, with _row, _step, _operation, _reason and _value',
    tag,
    params: numbered,
    query: page,
    answer: rowsAnswer,
    handler: ({ params, query }) => datasets.quarantine(params.project, params.name, params.version, query),
  })
  route(app, {
    method: 'POST',
    url: `${versions}/:version/check`,
    permission: 'read',
    summary: 'Judges expectations on a version that is there',
    tag,
    params: numbered,
    body: z.strictObject({ expect: z.array(declaration).min(1).max(200) }),
    answer: listOf(expectationAnswer),
    handler: async ({ params, body }) => ({
      items: await drafts.check(params.project, params.name, params.version, body.expect),
    }),
  })
  route(app, {
    method: 'GET',
    url: `${versions}/:version/suggestions`,
    permission: 'read',
    summary: 'Suggests expectations that the rows of a version speak for',
    tag,
    params: numbered,
    answer: listOf(suggestionAnswer),
    handler: async ({ params }) => ({ items: await drafts.suggest(params.project, params.name, params.version) }),
  })
  route(app, {
    method: 'GET',
    url: `${versions}/:version/diff/:other`,
    permission: 'read',
    summary: 'Compares a version with another: schema, rows, distribution of each column',
    tag,
    params: numbered.extend({ other: versionName }),
    query: z.object({
      by: z.string().optional().meta({ description: 'columns that name a row, with commas between' }),
    }),
    answer: diffAnswer,
    handler: ({ params, query }) => {
      if (params.version === params.other)
        throw new KedgeError('invalid_input', { what: 'Two different versions are compared' })
      return datasets.diff(params.project, params.name, params.version, params.other, query.by?.split(','))
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/datasets/:name/as-of`,
    permission: 'read',
    summary: 'Shows the version that was the newest published one at a time',
    tag,
    params: named,
    query: z.object({
      time: z.coerce
        .number()
        .int()
        .min(-8_640_000_000_000_000)
        .max(8_640_000_000_000_000)
        .meta({ description: 'milliseconds since 1970' }),
    }),
    answer: datasetVersionAnswer,
    handler: ({ params, query }) => datasets.asOf(params.project, params.name, query.time),
  })
  route(app, {
    method: 'GET',
    url: `${base}/datasets/:name/timeline`,
    permission: 'read',
    summary: 'Shows what the columns of a dataset were like over its versions',
    tag,
    params: named,
    query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
    answer: listOf(timelineAnswer),
    handler: async ({ params, query }) => ({
      items: await datasets.timeline(params.project, params.name, query.limit),
    }),
  })
  route(app, {
    method: 'GET',
    url: `${versions}/:version/export`,
    permission: 'read',
    summary: 'Gives the rows of a version as one Parquet file',
    tag,
    params: numbered,
    async handler({ params }, reply) {
      const version = await datasets.version(params.project, params.name, params.version)
      const path = await datasets.localFile(version)
      reply
        .type('application/vnd.apache.parquet')
        .header('content-length', (await stat(path)).size)
        .header('content-disposition', `attachment; filename="${params.name}-${version.version}.parquet"`)
      return reply.send(createReadStream(path))
    },
  })
}

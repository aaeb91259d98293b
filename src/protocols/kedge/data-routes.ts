import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import { KedgeError } from '../../errors.ts'
import { page, route } from '../route.ts'
import {
  correctionAnswer,
  datasetAnswer,
  datasetVersionAnswer,
  datasetVersionSummary,
  diffAnswer,
  expectationAnswer,
  materialiseAnswer,
  materialiseBody,
  previewAnswer,
  previewBody,
  profileAnswer,
  rowsAnswer,
  sourceAnswer,
  sourceTestAnswer,
  sqlAnswer,
  suggestionAnswer,
  timelineAnswer,
} from './schemas/data.ts'

const inProject = z.object({ project: z.string() })
const named = inProject.extend({ name: z.string() })
/** A number, a tag, or `latest`. */
const versionName = z.union([
  z.literal('latest'),
  z.coerce.number().int().min(1),
  z.string().regex(/^[a-z][a-z0-9._-]{0,62}$/, 'is no tag'),
])
const numbered = named.extend({ version: versionName })
const tagged = named.extend({ tag: z.string().regex(/^(?!latest$)[a-z][a-z0-9._-]{0,62}$/, 'is no tag') })
const declaration = z.record(z.string(), z.unknown())
const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), total: z.number().optional() })
const base = '/api/v1/projects/:project'
const tag = 'data'

const hasCommand = ({ curate }: Record<string, unknown>) =>
  Array.isArray(curate) && curate.some((step) => (step as { run?: unknown } | null)?.run !== undefined)

/** Sources, datasets and their versions over REST. */
export function dataRoutes(app: FastifyInstance, { data }: { data: Data }): void {
  const { sources, datasets, drafts, quarantine, kept } = data
  const by = (request: { actor: string }) => ({ actor: request.actor })

  async function described(project: string, name: string) {
    const dataset = await datasets.get(project, name)
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
    answer: rowsAnswer,
    handler: ({ params, query }) => sources.preview(params.project, params.name, query.limit),
  })

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
      return { items: await Promise.all(declared.map(({ name }) => described(params.project, name))) }
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/datasets/:name`,
    permission: 'read',
    summary: 'Shows a dataset',
    tag,
    params: named,
    answer: datasetAnswer,
    handler: ({ params }) => described(params.project, params.name),
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
      await datasets.put(by(request), project, name, request.body)
      return described(project, name)
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

  const versions = `${base}/datasets/:name/versions`
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
    summary: 'Shows rows of a version',
    tag,
    params: numbered,
    query: page,
    answer: rowsAnswer,
    handler: ({ params, query }) => datasets.rows(params.project, params.name, params.version, query),
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

  route(app, {
    method: 'POST',
    url: `${versions}/:version/quarantine/correct`,
    permission: 'data.write',
    summary: 'Corrects quarantined rows and makes a version with the corrected values',
    tag,
    params: numbered,
    body: z.strictObject({
      rows: z
        .array(z.strictObject({ row: z.number().int().min(0), values: z.record(z.string(), z.unknown()) }))
        .min(1)
        .max(1000),
    }),
    answer: z.object({ corrections: z.array(correctionAnswer), jobId: z.number() }),
    status: 202,
    async handler(request) {
      const { project, name, version } = request.params
      const corrections = await quarantine.correct(by(request), project, name, version, request.body.rows)
      const { window } = await datasets.version(project, name, version)
      return { corrections, ...(await datasets.materialise(by(request), project, name, window ?? {})) }
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/datasets/:name/corrections`,
    permission: 'read',
    summary: 'Lists the rows of a dataset that people have corrected',
    tag,
    params: named,
    answer: listOf(correctionAnswer),
    handler: async ({ params }) => ({ items: await quarantine.corrections(params.project, params.name) }),
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/datasets/:name/corrections/:id`,
    permission: 'data.write',
    summary: 'Takes a correction back; versions that were made with it stay',
    tag,
    params: named.extend({ id: z.coerce.number().int() }),
    answer: z.object({}),
    async handler(request) {
      await quarantine.withdraw(by(request), request.params.project, request.params.name, request.params.id)
      return {}
    },
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

import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { modelSpec } from '../../registry/model-spec.ts'
import type { ModelVersion } from '../../registry/model-version.ts'
import type { RegisteredModel } from '../../registry/registered-model.ts'
import type { Registry } from '../../registry/registry.ts'
import { page, route } from '../route.ts'
import { conversionAnswer, gateAnswer, modelAnswer, modelVersionAnswer, promotionAnswer } from './schemas/registry.ts'

const inProject = z.object({ project: z.string() })
const ofModel = inProject.extend({ model: z.string() })
const ofVersion = ofModel.extend({ version: z.coerce.number().int().min(1) })
const base = '/api/v1/projects/:project/models'
const tag = 'registry'

const model = ({ project: _, ...rest }: RegisteredModel) => rest
const version = ({ project: _, statusMessage, stage, user, runLink, ...rest }: ModelVersion) => rest

/** Registered models, versions, gates and promotions over Kedge's own API. */
export function registryRoutes(app: FastifyInstance, { registry }: { registry: Registry }): void {
  const { models, versions, aliases, gate, conversions } = registry

  route(app, {
    method: 'GET',
    url: base,
    permission: 'read',
    summary: 'Lists the registered models of a project',
    tag,
    params: inProject,
    answer: z.object({ items: z.array(modelAnswer) }),
    handler: async ({ params }) => ({ items: (await models.list(params.project)).map(model) }),
  })
  route(app, {
    method: 'GET',
    url: `${base}/:model`,
    permission: 'read',
    summary: 'Shows a registered model',
    tag,
    params: ofModel,
    answer: modelAnswer,
    handler: async ({ params }) => model(await models.get(params.project, params.model)),
  })
  route(app, {
    method: 'PUT',
    url: `${base}/:model`,
    permission: 'registry.write',
    summary: 'Declares a registered model: its gate and description',
    tag,
    params: ofModel,
    body: modelSpec,
    answer: modelAnswer,
    async handler({ params, body, actor }) {
      await models.put({ actor }, params.project, params.model, body)
      return model(await models.get(params.project, params.model))
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/:model/versions`,
    permission: 'read',
    summary: 'Lists the versions of a model, newest first',
    tag,
    params: ofModel,
    query: page,
    answer: z.object({ items: z.array(modelVersionAnswer), total: z.number() }),
    async handler({ params, query }) {
      const { versions: total } = await models.get(params.project, params.model)
      return { items: (await versions.list(params.project, params.model, query)).map(version), total }
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/:model/versions/:version`,
    permission: 'read',
    summary: 'Shows a version with what it was made from',
    tag,
    params: ofVersion,
    answer: modelVersionAnswer,
    handler: async ({ params }) => version(await versions.get(params.project, params.model, params.version)),
  })
  route(app, {
    method: 'GET',
    url: `${base}/:model/versions/:version/gate`,
    permission: 'read',
    summary: 'Decisions of the gate about a version with their evidence, newest first',
    tag,
    params: ofVersion,
    answer: z.object({ items: z.array(gateAnswer) }),
    handler: async ({ params }) => ({ items: await gate.results(params.project, params.model, params.version) }),
  })
  route(app, {
    method: 'POST',
    url: `${base}/:model/versions/:version/gate`,
    permission: 'registry.write',
    summary: 'Asks the gate to decide about a version again',
    tag,
    params: ofVersion,
    status: 202,
    answer: z.object({ jobId: z.number().nullable() }),
    async handler({ params, actor }) {
      const { jobId } = await gate.evaluate({ actor }, params.project, params.model, params.version)
      return { jobId: jobId ?? null }
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/:model/versions/:version/conversion`,
    permission: 'read',
    summary:
      'What became of converting a Python model to ONNX: the largest difference of the answers, or why it stays in Python',
    tag,
    params: ofVersion,
    answer: z.object({ conversion: conversionAnswer.nullable() }),
    handler: async ({ params }) => ({
      conversion: await conversions.get(params.project, params.model, params.version),
    }),
  })
  route(app, {
    method: 'POST',
    url: `${base}/:model/versions/:version/conversion`,
    permission: 'registry.write',
    summary:
      'Converts a Python model to ONNX; when its answers are the same, later revisions of the version are served as ONNX',
    tag,
    params: ofVersion,
    status: 202,
    answer: z.object({ jobId: z.number().nullable() }),
    async handler({ params, actor }) {
      const { jobId } = await conversions.ask({ actor }, params.project, params.model, params.version)
      return { jobId: jobId ?? null }
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/:model/gates`,
    permission: 'read',
    summary: 'Decisions of the gate about all versions of a model, newest first',
    tag,
    params: ofModel,
    answer: z.object({ items: z.array(gateAnswer) }),
    handler: async ({ params }) => ({ items: await gate.results(params.project, params.model) }),
  })
  route(app, {
    method: 'GET',
    url: `${base}/:model/promotions`,
    permission: 'read',
    summary: 'Who moved which alias, when, why, on which evidence; newest first',
    tag,
    params: ofModel,
    query: page,
    answer: z.object({ items: z.array(promotionAnswer) }),
    handler: async ({ params, query }) => ({ items: await aliases.history(params.project, params.model, query) }),
  })
  route(app, {
    method: 'PUT',
    url: `${base}/:model/aliases/:alias`,
    permission: 'registry.write',
    summary: 'Points an alias to a version, with the reason',
    tag,
    params: ofModel.extend({ alias: z.string() }),
    body: z.object({ version: z.number().int().min(1), reason: z.string().min(1) }),
    answer: modelAnswer,
    async handler({ params, body, actor }) {
      await aliases.move({ actor }, params.project, params.model, params.alias, body.version, body.reason)
      return model(await models.get(params.project, params.model))
    },
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/:model/aliases/:alias`,
    permission: 'registry.write',
    summary: 'Takes an alias away, with the reason',
    tag,
    params: ofModel.extend({ alias: z.string() }),
    query: z.object({ reason: z.string().min(1) }),
    answer: modelAnswer,
    async handler({ params, query, actor }) {
      await aliases.remove({ actor }, params.project, params.model, params.alias, query.reason)
      return model(await models.get(params.project, params.model))
    },
  })
}

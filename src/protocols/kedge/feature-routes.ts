import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import type { DeclaredView } from '../../data/feature/declared-views.ts'
import { trainingSetSpec } from '../../data/feature/feature-view-spec.ts'
import { entityKey } from '../../data/feature/plan-features.ts'
import { KedgeError } from '../../errors.ts'
import type { FeatureSkewMeter } from '../../monitoring/feature-skew.ts'
import { route } from '../route.ts'
import { base, by, declaration, inProject, listOf, named, versionName } from './data-parameters.ts'
import { materialiseAnswer } from './schemas/data.ts'
import { featureLookupAnswer, featureViewAnswer, trainingSetAnswer } from './schemas/features.ts'

const tag = 'features'
const keyPart = z.union([z.string().max(1000), z.number()])
const lookupBody = z.strictObject({
  keys: z
    .array(z.union([keyPart, z.array(keyPart).min(1).max(5)]))
    .min(1)
    .max(1000)
    .meta({ description: 'an entity each; where several columns name it, a list of their values' }),
  at: z.number().int().optional().meta({ description: 'milliseconds since 1970; now when absent' }),
})

/** Feature views and training sets over REST. */
export function featureRoutes(
  app: FastifyInstance,
  {
    data: { features, datasets },
    skew,
    clock,
  }: { data: Pick<Data, 'features' | 'datasets'>; skew: FeatureSkewMeter; clock: () => number },
): void {
  const described = async (view: DeclaredView) => {
    const found = await features.describe(view)
    return { ...found, spec: { ...found.spec } }
  }

  route(app, {
    method: 'GET',
    url: `${base}/features`,
    permission: 'read',
    summary: 'Lists the feature views of a project: features, owner, freshness, skew',
    tag,
    params: inProject,
    query: z.object({
      search: z.string().max(200).optional().meta({ description: 'in names, descriptions, owners and entities' }),
      owner: z.string().max(200).optional(),
    }),
    answer: listOf(featureViewAnswer),
    async handler({ params, query }) {
      const all = await Promise.all((await features.views.list(params.project)).map(described))
      const search = query.search?.toLowerCase()
      const items = all.filter(
        (view) =>
          (query.owner === undefined || view.owner === query.owner) &&
          (search === undefined ||
            [
              ...[view.name, view.description, view.owner, view.dataset, ...view.entity],
              ...view.features.flatMap(({ name, description }) => [name, description]),
            ].some((text) => text?.toLowerCase().includes(search))),
      )
      return { items, total: all.length }
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/features/:name`,
    permission: 'read',
    summary: 'Shows a feature view',
    tag,
    params: named,
    answer: featureViewAnswer,
    handler: async ({ params }) => described(await features.views.get(params.project, params.name)),
  })
  route(app, {
    method: 'PUT',
    url: `${base}/features/:name`,
    permission: 'data.write',
    summary: 'Declares or changes a feature view; what lookups know is made anew',
    tag,
    params: named,
    body: declaration,
    answer: featureViewAnswer,
    async handler({ actor, params, body }) {
      const { project, name } = params
      const dataset = String(body.from)
      const [declared, latest] = await Promise.all([
        datasets.get(project, dataset).catch(() => undefined),
        datasets.latest(project, dataset),
      ])
      const mistakes = latest ? features.checkView(body, latest.schema, declared?.spec.time) : []
      if (mistakes.length > 0)
        throw new KedgeError(
          'invalid_input',
          { what: `The feature view ${name}: ${mistakes.map(({ what }) => what).join('; ')}` },
          { places: mistakes.map(({ path, what }) => ({ where: path.join('.'), what })) },
        )
      return described(await features.views.put(by({ actor }), project, name, body))
    },
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/features/:name`,
    permission: 'data.write',
    summary: 'Removes a feature view',
    tag,
    params: named,
    status: 204,
    handler: async ({ actor, params }) => features.views.remove(by({ actor }), params.project, params.name),
  })
  route(app, {
    method: 'POST',
    url: `${base}/features/:name/lookup`,
    permission: 'read',
    summary: 'Values of entities at a moment, by the definition; an endpoint has those of now in memory',
    tag,
    params: named,
    body: lookupBody,
    answer: featureLookupAnswer,
    async handler({ params, body }) {
      const view = await features.views.get(params.project, params.name)
      const keys = body.keys.map((key) => entityKey([key].flat().map(String)))
      const at = body.at ?? clock()
      const values = await features.online.lookup(
        view,
        keys.map((key) => ({ key, at })),
      )
      return { at, items: keys.map((key, i) => ({ key, values: values[i]! })) }
    },
  })

  route(app, {
    method: 'POST',
    url: `${base}/features/:name/skew`,
    permission: 'data.write',
    summary: 'Compares what predictions were made with, and is on record, with what training has for the same moments',
    tag,
    params: named,
    answer: featureViewAnswer,
    async handler({ params }) {
      const view = await features.views.get(params.project, params.name)
      await skew.measure(view)
      return described(view)
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/training-sets`,
    permission: 'read',
    summary: 'Lists the training sets of a project',
    tag,
    params: inProject,
    answer: listOf(trainingSetAnswer),
    handler: async ({ params }) => ({
      items: (await features.trainingSets.list(params.project)).map((one) => ({ ...one, spec: { ...one.spec } })),
    }),
  })
  route(app, {
    method: 'PUT',
    url: `${base}/training-sets/:name`,
    permission: 'data.write',
    summary: 'Declares or changes a training set',
    tag,
    params: named,
    body: declaration,
    answer: trainingSetAnswer,
    async handler({ actor, params, body }) {
      const put = await features.trainingSets.put(by({ actor }), params.project, params.name, body)
      return { ...put, spec: { ...put.spec } }
    },
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/training-sets/:name`,
    permission: 'data.write',
    summary: 'Removes a training set; its versions stay',
    tag,
    params: named,
    status: 204,
    handler: async ({ actor, params }) => features.trainingSets.remove(by({ actor }), params.project, params.name),
  })
  route(app, {
    method: 'POST',
    url: `${base}/training-sets/:name/versions`,
    permission: 'data.write',
    summary:
      'Makes a version: each label row with the features as they were known at its time. With a body that declares it (`labels`, `features` …) it need not be declared before',
    tag,
    params: named,
    body: z
      .strictObject({
        ...trainingSetSpec.shape,
        labels: trainingSetSpec.shape.labels.optional(),
        features: trainingSetSpec.shape.features.optional(),
        version: versionName.optional().meta({ description: 'of the labels; the latest when absent' }),
        from: z.number().int().optional(),
        to: z.number().int().optional(),
      })
      .refine(({ labels, features }) => (labels === undefined) === (features === undefined), {
        path: ['features'],
        message: 'labels and features are declared together, or neither',
      })
      .prefault({}),
    answer: materialiseAnswer,
    status: 202,
    async handler({ actor, params, body }) {
      const { version, from, to, ...spec } = body
      return features.enqueueTrainingSet(by({ actor }), {
        ...params,
        version,
        ...{ from, to },
        spec: spec.labels === undefined ? undefined : trainingSetSpec.parse(spec),
      })
    },
  })
}

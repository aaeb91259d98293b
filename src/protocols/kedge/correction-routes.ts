import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import { route } from '../route.ts'
import { base, by, listOf, named, numbered, tag, versions } from './data-parameters.ts'
import { correctionAnswer } from './schemas/data.ts'

/** What people make of quarantined rows, over REST. */
export function correctionRoutes(
  app: FastifyInstance,
  { datasets, quarantine }: Pick<Data, 'datasets' | 'quarantine'>,
): void {
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
}

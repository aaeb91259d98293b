import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Pipeline, PipelineListing } from '../../pipelines/declared-pipelines.ts'
import type { PipelineRun } from '../../pipelines/pipeline-run.ts'
import type { Pipelines } from '../../pipelines/pipelines.ts'
import { waitsFor } from '../../pipelines/step-order.ts'
import { page, route } from '../route.ts'
import { sendEventStream } from './event-stream.ts'
import { pipelineAnswer, pipelinePut, pipelineRunAnswer, pipelineStart } from './schemas/pipelines.ts'

const inProject = z.object({ project: z.string() })
const ofPipeline = inProject.extend({ pipeline: z.string() })
const ofRun = inProject.extend({ run: z.coerce.number().int().min(1) })
const ofStep = ofRun.extend({ step: z.string() })
const fromByte = z.object({ from: z.coerce.number().int().min(0).default(0).describe('byte to begin at') })
const state = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled'])
const base = '/api/v1/projects/:project'
const tag = 'pipelines'

const shownPipeline = ({ project: _, spec, ...rest }: Pipeline, lastRun: PipelineListing['lastRun']) => ({
  ...rest,
  spec,
  description: spec.description ?? null,
  steps: Object.entries(spec.steps).map(([name, step]) => ({ name, run: step.run, waitsFor: waitsFor(step) })),
  lastRun,
})
const shownRun = ({ project: _, jobId: __, steps, ...rest }: PipelineRun) => ({
  ...rest,
  steps: steps.map(({ logDigest: _, ...step }) => step),
})

/** Pipelines, their runs and the logs of their steps. */
export function pipelinesRoutes(app: FastifyInstance, { pipelines }: { pipelines: Pipelines }): void {
  const find = async (project: string, name: string) => {
    const { items } = await pipelines.runs.list(project, { pipeline: name, limit: 1 })
    const last = items[0]
    return shownPipeline(
      await pipelines.get(project, name),
      last ? { id: last.id, state: last.state, createdAt: last.createdAt, finishedAt: last.finishedAt } : null,
    )
  }

  route(app, {
    method: 'GET',
    url: '/api/v1/executors',
    permission: 'read',
    summary: 'Executors of steps that there are, and whether they work on this machine',
    tag,
    answer: z.object({
      items: z.array(
        z.object({
          kind: z.string(),
          title: z.string(),
          cannotPrevent: z.array(z.string()),
          available: z.boolean(),
          why: z.string().optional(),
          todo: z.string().optional(),
        }),
      ),
    }),
    handler: async () => ({ items: await pipelines.executors() }),
  })

  route(app, {
    method: 'GET',
    url: `${base}/pipelines`,
    permission: 'read',
    summary: 'Lists the pipelines of a project with their newest run',
    tag,
    params: inProject,
    answer: z.object({ items: z.array(pipelineAnswer) }),
    handler: async ({ params }) => ({
      items: (await pipelines.list(params.project)).map(({ lastRun, ...one }) => shownPipeline(one, lastRun)),
    }),
  })
  route(app, {
    method: 'GET',
    url: `${base}/pipelines/:pipeline`,
    permission: 'read',
    summary: 'Shows a pipeline',
    tag,
    params: ofPipeline,
    answer: pipelineAnswer,
    handler: ({ params }) => find(params.project, params.pipeline),
  })
  route(app, {
    method: 'PUT',
    url: `${base}/pipelines/:pipeline`,
    permission: 'project.write',
    summary: 'Declares or changes a pipeline with its code',
    tag,
    params: ofPipeline,
    body: pipelinePut,
    answer: pipelineAnswer,
    async handler({ params, body, actor }) {
      const files = Object.fromEntries(
        Object.entries(body.files).map(([path, content]) => [path, Buffer.from(content, 'base64')]),
      )
      await pipelines.put({ actor }, params.project, params.pipeline, body.spec, files)
      return find(params.project, params.pipeline)
    },
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/pipelines/:pipeline`,
    permission: 'project.write',
    summary: 'Removes a pipeline; its runs stay',
    tag,
    params: ofPipeline,
    answer: z.object({}),
    async handler({ params, actor }) {
      await pipelines.remove({ actor }, params.project, params.pipeline)
      return {}
    },
  })
  route(app, {
    method: 'POST',
    url: `${base}/pipelines/:pipeline/runs`,
    permission: 'pipelines.run',
    summary: 'Starts a run of a pipeline',
    tag,
    params: ofPipeline,
    body: pipelineStart,
    answer: pipelineRunAnswer,
    status: 201,
    handler: async ({ params, body, actor }) =>
      shownRun(await pipelines.start({ actor }, params.project, params.pipeline, body)),
  })

  route(app, {
    method: 'GET',
    url: `${base}/pipeline-runs`,
    permission: 'read',
    summary: 'Lists pipeline runs, newest first',
    tag,
    params: inProject,
    query: page.extend({ pipeline: z.string().optional(), state: state.optional() }),
    answer: z.object({ items: z.array(pipelineRunAnswer), total: z.number() }),
    async handler({ params, query }) {
      const { items, total } = await pipelines.runs.list(params.project, query)
      return { items: items.map(shownRun), total }
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/pipeline-runs/:run`,
    permission: 'read',
    summary: 'Shows a pipeline run with its steps',
    tag,
    params: ofRun,
    answer: pipelineRunAnswer,
    handler: async ({ params }) => shownRun(await pipelines.runs.get(params.project, params.run)),
  })
  route(app, {
    method: 'POST',
    url: `${base}/pipeline-runs/:run/cancel`,
    permission: 'pipelines.run',
    summary: 'Asks a pipeline run to stop; its running steps are ended',
    tag,
    params: ofRun,
    answer: pipelineRunAnswer,
    async handler({ params, actor }) {
      await pipelines.runs.cancel({ actor }, params.project, params.run)
      return shownRun(await pipelines.runs.get(params.project, params.run))
    },
  })

  const follow = async (
    request: FastifyRequest & { params: z.output<typeof ofStep>; query: z.output<typeof fromByte> },
    reply: FastifyReply,
  ) => {
    const { project, run, step } = request.params
    const last = Number(request.headers['last-event-id'] ?? Number.NaN)
    const from = Number.isInteger(last) && last >= 0 ? last : request.query.from
    // before the stream begins, so that an unknown step is an answer of its own
    await pipelines.runs.step(project, run, step)
    await sendEventStream(request, reply, async function* (signal) {
      for await (const message of pipelines.logs.follow(project, run, step, from, signal))
        yield 'offset' in message ? { id: message.offset, data: message } : { event: 'message', data: message }
    })
  }
  route(app, {
    method: 'GET',
    url: `${base}/pipeline-runs/:run/steps/:step/log`,
    permission: 'read',
    summary: 'What a step has written, as text; as server-sent events when the client accepts text/event-stream',
    tag,
    params: ofStep,
    query: fromByte,
    async handler(request, reply) {
      if (request.headers.accept?.includes('text/event-stream')) return follow(request, reply)
      const { project, run, step } = request.params
      const bytes = await pipelines.logs.read(project, run, step)
      reply
        .type('text/plain; charset=utf-8')
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'no-store')
      return reply.send(bytes.subarray(request.query.from))
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/pipeline-runs/:run/steps/:step/log/stream`,
    permission: 'read',
    summary: 'What a step writes, as it writes it (server-sent events); at last the state in which it ended',
    tag,
    params: ofStep,
    query: fromByte,
    handler: follow,
  })
}

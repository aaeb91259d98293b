import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import { KedgeError } from '../../errors.ts'
import { route } from '../route.ts'
import { inProject, base as inside, named, tag } from './data-parameters.ts'
import { deadLetterList, pushAnswer, streamAnswer, streamList } from './schemas/streams.ts'

const base = `${inside}/streams`
const lines = /^application\/(x-)?(ndjson|jsonl|jsonlines|json-lines)\b/i
const longestKey = 255

/** Streams over REST: how they are, pause and resume, dead letters, and rows that are pushed. */
export function streamRoutes(app: FastifyInstance, { data }: { data: Pick<Data, 'streams'> }): void {
  const { streams } = data

  route(app, {
    method: 'GET',
    url: base,
    permission: 'read',
    summary: 'Lists the streams of a project: state, lag, rate, counts',
    tag,
    params: inProject,
    answer: streamList,
    handler: async ({ params }) => ({ items: await streams.list(params.project) }),
  })
  route(app, {
    method: 'GET',
    url: `${base}/:name`,
    permission: 'read',
    summary: 'Shows a stream',
    tag,
    params: named,
    answer: streamAnswer,
    handler: ({ params }) => streams.get(params.project, params.name),
  })
  route(app, {
    method: 'POST',
    url: `${base}/:name/pause`,
    permission: 'data.write',
    summary: 'Stops reading a stream; its peer keeps what comes meanwhile, as far as it can',
    tag,
    params: named,
    answer: streamAnswer,
    handler: ({ actor, params }) => streams.pause({ actor }, params.project, params.name),
  })
  route(app, {
    method: 'POST',
    url: `${base}/:name/resume`,
    permission: 'data.write',
    summary: 'Reads a stream again, from where it stopped',
    tag,
    params: named,
    answer: streamAnswer,
    handler: ({ actor, params }) => streams.resume({ actor }, params.project, params.name),
  })
  route(app, {
    method: 'GET',
    url: `${base}/:name/dead-letters`,
    permission: 'read',
    summary: 'Messages that could not be landed, newest first, with the reason and their bytes',
    tag,
    params: named,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      before: z.coerce.number().int().min(0).optional().describe('only those before this sequence'),
    }),
    answer: deadLetterList,
    handler: ({ params, query }) => streams.deadLetters(params.project, params.name, query),
  })

  // the bytes as they came: rows that are wrong are kept, and the others land
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    route(scope, {
      method: 'POST',
      url: `${base}/:name/rows`,
      permission: 'data.write',
      summary:
        'Lands rows, JSON Lines or a JSON list of objects; they are durable when it answers. With the header Idempotency-Key the same again lands nothing',
      tag,
      params: named,
      answer: pushAnswer,
      async handler({ params, body, headers }) {
        const key = headers['idempotency-key']
        if (Array.isArray(key) || (key !== undefined && (key === '' || key.length > longestKey)))
          throw new KedgeError('invalid_input', { what: `An Idempotency-Key has 1 to ${longestKey} characters` })
        return streams.push({
          project: params.project,
          name: params.name,
          key,
          body: body instanceof Uint8Array ? body : new Uint8Array(),
          form: lines.test(headers['content-type'] ?? '') ? 'lines' : 'json',
        })
      },
    })
  })
}

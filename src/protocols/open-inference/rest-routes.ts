import type { IncomingMessage } from 'node:http'
import { KedgeError } from '../../errors.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import { decodeUtf8 } from '../decode-utf8.ts'
import { type Exchange, parseJson, readBody, sendBytes, sendJson } from '../inference/http-exchange.ts'
import { noRoute } from '../inference/no-route.ts'
import {
  loadModel,
  modelConfig,
  modelMetadata,
  modelReady,
  modelStatistics,
  refuseUnload,
  repositoryIndex,
  revisionNumber,
  serverMetadata,
} from './model-metadata.ts'
import { restInfer } from './rest-infer.ts'

export interface RestRoutesOptions {
  node: InferenceNode
  clock: () => number
  version: string
  /** Errors: `not_found`, and those of the door. */
  enter(request: IncomingMessage, name: string): Promise<ServedEndpoint>
}

/** `v2/…`: the Open Inference Protocol V2 over REST, and of Triton's extensions those that its clients call. */
export function openInferenceRoutes({ node, clock, version, enter }: RestRoutesOptions) {
  async function infer(exchange: Exchange, name: string, revision: number | undefined) {
    const { request, signal } = exchange
    const endpoint = await enter(request, name)
    node.admit(endpoint)
    const answer = await restInfer(node, endpoint, {
      body: await readBody(request),
      headerLength: request.headers['inference-header-content-length'] as string | undefined,
      revision,
      now: clock(),
      signal,
    })
    return sendBytes(
      exchange,
      200,
      answer.body,
      answer.headerLength === undefined
        ? { 'content-type': 'application/json' }
        : { 'content-type': 'application/octet-stream', 'inference-header-content-length': answer.headerLength },
    )
  }

  async function models(exchange: Exchange, name: string, rest: string[]) {
    const { request, response } = exchange
    const get = request.method === 'GET'
    if (name === 'stats' && rest.length === 0 && get)
      return sendJson(response, 200, { model_stats: modelStatistics(node.list()) })
    const versioned = rest[0] === 'versions'
    const revision = versioned ? revisionNumber(name, rest[1] || '(none)') : undefined
    const [verb, ...more] = versioned ? rest.slice(2) : rest
    if (more.length > 0 && !(verb === 'trace' && more[0] === 'setting')) throw noRoute(request)
    if (verb === 'infer' && request.method === 'POST') return infer(exchange, name, revision)
    if (verb === 'trace') throw new KedgeError('unsupported', { what: 'The trace extension' })
    if (!get) throw noRoute(request)
    if (verb === 'ready') {
      const ready = modelReady(node.find(name), revision)
      return sendJson(response, ready ? 200 : 503, { name, ready })
    }
    const answers = { config: modelConfig, stats: statistics, '': modelMetadata }
    const answer = Object.hasOwn(answers, verb ?? '') ? answers[(verb ?? '') as keyof typeof answers] : undefined
    if (!answer) throw noRoute(request)
    return sendJson(response, 200, answer(await enter(request, name), revision))
  }
  const statistics = (endpoint: ServedEndpoint, revision: number | undefined) => ({
    model_stats: modelStatistics([endpoint], revision),
  })

  async function repository({ request, response }: Exchange, [what, name, verb, ...more]: string[]) {
    if (request.method !== 'POST' || more.length > 0) throw noRoute(request)
    const text = decodeUtf8(await readBody(request))
    const body = text === '' ? {} : parseJson(text)
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new KedgeError('invalid_input', { what: 'The body must be an object' })
    if (what === 'index' && name === undefined)
      return sendJson(response, 200, repositoryIndex(node, (body as { ready?: unknown }).ready === true))
    if (what !== 'models' || name === undefined) throw noRoute(request)
    if (verb === 'load') {
      loadModel(await enter(request, name), (body as { parameters?: Record<string, unknown> }).parameters ?? {})
      return sendJson(response, 200, {})
    }
    if (verb !== 'unload') throw noRoute(request)
    await enter(request, name)
    return refuseUnload()
  }

  return async (exchange: Exchange): Promise<void> => {
    const { request, response, path } = exchange
    const [, area, name, ...rest] = path
    const get = request.method === 'GET'
    switch (area) {
      case undefined:
        if (get) return sendJson(response, 200, serverMetadata(version))
        break
      case 'health':
        if (get && (name === 'live' || name === 'ready') && rest.length === 0) {
          const ready = name === 'live' || node.ready()
          return sendJson(response, ready ? 200 : 503, { [name]: ready })
        }
        break
      case 'repository':
        return repository(exchange, path.slice(2))
      case 'models':
        if (name !== undefined) return models(exchange, name, rest)
        break
      case 'systemsharedmemory':
      case 'cudasharedmemory':
        await readBody(request)
        throw new KedgeError('unsupported', { what: 'The shared memory extension' })
      case 'trace':
      case 'logging':
        await readBody(request)
        throw new KedgeError('unsupported', { what: `The ${area} extension` })
    }
    throw noRoute(request)
  }
}

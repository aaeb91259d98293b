import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { asKedgeError, KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import { decodeUtf8 } from '../decode-utf8.ts'
import { httpStatus } from '../http-status.ts'
import { answering, modelMetadata, restInfer, serverMetadata } from '../open-inference/rest.ts'
import { readBody, sendJson, sendText } from './http-exchange.ts'
import { kedgePredict } from './kedge-predict.ts'
import { mlflowInvocations } from './mlflow-invocations.ts'

export interface InferenceListenerOptions {
  node: InferenceNode
  host: string
  port: number
  log: Logger
  clock: () => number
  version: string
  /** names by which browsers may address this machine, without ports */
  allowedHosts: ReadonlySet<string>
  /** whether the sender may predict on the project's endpoints; absent: everybody may */
  authorize?: ((authorization: string | undefined, project: string) => Promise<boolean>) | undefined
}

export interface Listener {
  address: string
  /** Takes no new requests, lets those in flight finish. */
  stop(): Promise<void>
}

type Form = 'kedge' | 'v2' | 'mlflow'

interface Call {
  request: IncomingMessage
  response: ServerResponse
  /** decoded parts of the path */
  path: string[]
}

/** The REST listener of an inference process: Open Inference Protocol V2, MLflow's scoring protocol and Kedge's own form. */
export async function startInferenceListener(options: InferenceListenerOptions): Promise<Listener> {
  const { node, log, clock } = options

  async function authorized(request: IncomingMessage, endpoint: ServedEndpoint): Promise<ServedEndpoint> {
    if (options.authorize && !(await options.authorize(request.headers.authorization, endpoint.project))) {
      if (request.headers.authorization === undefined) throw new KedgeError('unauthenticated')
      throw new KedgeError('forbidden', { permission: 'predict' })
    }
    return endpoint
  }

  /** `v2/…` */
  async function openInference({ request, response, path }: Call) {
    const [, area, name, ...rest] = path
    const get = request.method === 'GET'
    if (area === undefined && get) return sendJson(response, 200, serverMetadata(options.version))
    if (area === 'health' && get && (name === 'live' || name === 'ready') && rest.length === 0) {
      const ready = name === 'live' || node.ready()
      return sendJson(response, ready ? 200 : 503, { [name]: ready })
    }
    if (area === 'repository' && name === 'index' && request.method === 'POST') {
      await readBody(request)
      return sendJson(response, 200, repositoryIndex(node))
    }
    if (area !== 'models' || name === undefined) throw noRoute(request)
    const versioned = rest[0] === 'versions'
    const revision = versioned ? Number(rest[1]) : undefined
    if (versioned && !Number.isSafeInteger(revision))
      throw new KedgeError('not_found', { kind: 'Revision', name: `${name}/${rest[1]}` })
    const [verb, ...more] = versioned ? rest.slice(2) : rest
    if (more.length > 0) throw noRoute(request)
    if (verb === 'infer' && request.method === 'POST') {
      const endpoint = await authorized(request, node.find(name))
      const body = await readBody(request)
      const answer = await restInfer(node, endpoint, {
        body,
        headerLength: request.headers['inference-header-content-length'] as string | undefined,
        revision,
        now: clock(),
      })
      const binary = answer.headerLength !== undefined
      response.writeHead(200, {
        'content-type': binary ? 'application/octet-stream' : 'application/json',
        'content-length': answer.body.length,
        ...(binary ? { 'inference-header-content-length': answer.headerLength } : {}),
      })
      return void response.end(answer.body)
    }
    if (!get) throw noRoute(request)
    if (verb === 'ready') {
      answering(node.find(name), revision)
      return sendJson(response, 200, { name, ready: true })
    }
    if (verb === undefined)
      return sendJson(response, 200, modelMetadata(await authorized(request, node.find(name)), revision))
    throw noRoute(request)
  }

  /** `endpoints/{name}/…` and `projects/{project}/endpoints/{name}/…` */
  async function endpoints(call: Call, name: string, verb: string | undefined) {
    const { request, response } = call
    if (request.method === 'POST' && verb === 'predict') {
      const endpoint = await authorized(request, node.find(name))
      return sendText(response, 200, await kedgePredict(node, endpoint, decodeUtf8(await readBody(request)), clock()))
    }
    if (request.method === 'POST' && verb === 'invocations') {
      const endpoint = await authorized(request, node.find(name))
      const body = await readBody(request)
      return sendText(
        response,
        200,
        await mlflowInvocations(node, endpoint, body, request.headers['content-type'] ?? '', clock()),
      )
    }
    if (request.method === 'GET' && (verb === 'ping' || verb === 'health')) {
      answering(node.find(name))
      return sendText(response, 200, '\n', 'application/json')
    }
    if (request.method === 'GET' && verb === 'version') return sendText(response, 200, options.version, 'text/plain')
    if (request.method === 'GET' && verb === undefined)
      return sendJson(response, 200, describe(await authorized(request, node.find(name))))
    throw noRoute(request)
  }

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const url = request.url ?? '/'
    const query = url.indexOf('?')
    const path = (query < 0 ? url : url.slice(0, query)).slice(1).split('/').map(decode)
    let form: Form = 'kedge'
    try {
      guardOrigin(request, response, options.allowedHosts)
      if (request.method === 'OPTIONS') {
        response.writeHead(204).end()
        return
      }
      const call: Call = { request, response, path }
      if (path[0] === 'endpoints' && path[1] !== undefined && path.length <= 3) {
        if (path[2] === 'invocations') form = 'mlflow'
        await endpoints(call, path[1], path[2])
      } else if (path[0] === 'v2') {
        form = 'v2'
        if (path.at(-1) === '') path.pop()
        await openInference(call)
      } else if (path[0] === 'projects' && path[2] === 'endpoints' && path[3] !== undefined && path.length <= 5) {
        if (path[4] === 'invocations') form = 'mlflow'
        await endpoints(call, `${path[1]}/${path[3]}`, path[4])
      } else if (path.length === 1 && (path[0] === 'health' || path[0] === 'ping') && request.method === 'GET')
        sendJson(response, 200, { status: 'ok', boot: node.boot, ready: node.ready() })
      else throw noRoute(request)
    } catch (error) {
      refuse(response, form, error, log)
    }
  }

  const server = createServer(
    { keepAliveTimeout: 72_000, headersTimeout: 20_000, requestTimeout: 120_000, noDelay: true },
    (request, response) => {
      void handle(request, response)
    },
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new KedgeError('port_in_use', { port: options.port, host: options.host }, { cause: error })
          : error,
      ),
    )
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    address: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
        setTimeout(() => server.closeAllConnections(), 10_000).unref()
      }),
  }
}

const decode = (part: string) => {
  if (!part.includes('%')) return part
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const noRoute = (request: IncomingMessage) =>
  new KedgeError('not_found', { kind: 'Route', name: `${request.method} ${request.url?.split('?')[0]}` })

const hostOf = (text: string) =>
  text
    .replace(/^\w+:\/\//, '')
    .replace(/:\d+$/, '')
    .toLowerCase()

/** A page of another site, or a name that was rebound to this address, is refused; pages of this machine may call. */
function guardOrigin(request: IncomingMessage, response: ServerResponse, allowed: ReadonlySet<string>) {
  const { origin, host } = request.headers
  for (const name of [host, origin])
    if (name !== undefined && !allowed.has(hostOf(name))) throw new KedgeError('foreign_origin', { host: hostOf(name) })
  if (origin === undefined) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('vary', 'origin')
  response.setHeader('access-control-allow-headers', 'authorization, content-type, inference-header-content-length')
  response.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS')
}

function describe(endpoint: ServedEndpoint) {
  const main = endpoint.revisions.find((revision) => revision.traffic > 0)
  return {
    project: endpoint.project,
    name: endpoint.name,
    task: main?.loaded.description?.task ?? null,
    features: main?.loaded.description?.features.map(({ name, type }) => ({ name, type })) ?? null,
    revisions: endpoint.revisions.map(({ number, model, version, traffic, shadow }) => ({
      number,
      model,
      version,
      percent: traffic / 100,
      shadow,
    })),
  }
}

/** What Triton's repository extension lists. */
export const repositoryIndex = (node: InferenceNode) =>
  node
    .list()
    .flatMap((endpoint) =>
      endpoint.revisions
        .filter((revision) => revision.traffic > 0)
        .map((revision) => ({ name: endpoint.name, version: String(revision.number), state: 'READY', reason: '' })),
    )

/** Answers with the error in the protocol's own form. What is unsupported is the caller's to change: 4xx. */
function refuse(response: ServerResponse, form: Form, thrown: unknown, log: Logger) {
  const error = asKedgeError(thrown)
  if (error.class === 'internal') log.error({ err: thrown }, 'a prediction failed inside Kedge')
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  if (error.class === 'overloaded' || error.class === 'unavailable') response.setHeader('retry-after', '1')
  const status =
    error.class === 'unsupported'
      ? /content (type|encoding)/i.test(error.message)
        ? 415
        : 400
      : httpStatus[error.class]
  if (form === 'v2') sendJson(response, status, { error: error.withTodo() })
  else if (form === 'mlflow') sendJson(response, status, { error_code: mlflowCode(status), message: error.withTodo() })
  else sendJson(response, status, { error: error.toJSON() })
}

const mlflowCode = (status: number) =>
  status === 404
    ? 'RESOURCE_DOES_NOT_EXIST'
    : status === 401
      ? 'UNAUTHENTICATED'
      : status === 403
        ? 'PERMISSION_DENIED'
        : status === 429 || status === 503
          ? 'TEMPORARILY_UNAVAILABLE'
          : status >= 500
            ? 'INTERNAL_ERROR'
            : 'BAD_REQUEST'

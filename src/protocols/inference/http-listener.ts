import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { constants } from 'node:http2'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ExplainAnswers } from '../../serving/explain/explain-answers.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import { openInferenceRoutes } from '../open-inference/rest-routes.ts'
import { acceptHttp2 } from './accept-http2.ts'
import type { Door } from './door.ts'
import { endpointRoutes } from './endpoint-routes.ts'
import { type Exchange, holdBack, isHeldBack, passOver, sendJson, sendText } from './http-exchange.ts'
import { noRoute } from './no-route.ts'
import { type ErrorForm, endNow, refuse } from './refuse.ts'

export interface InferenceListenerOptions {
  node: InferenceNode
  host: string
  port: number
  log: Logger
  clock: () => number
  version: string
  /** names by which browsers may address this machine, without ports */
  allowedHosts: ReadonlySet<string>
  door: Door
  /** connections at once, beyond which new ones are closed; absent: no limit */
  mostConnections?: number
  /** absent where nothing is explained */
  explaining?: ExplainAnswers
  /** how long the headers, and a whole request, may take to come, and how long a connection may be idle; milliseconds */
  patience?: { headers: number; request: number; idle: number }
}

export interface Listener {
  address: string
  /** Takes no new requests, lets those in flight finish. */
  stop(): Promise<void>
}

/** how long a request may be on its way over a connection that is idle, when the listener stops; milliseconds */
const drainGrace = 250

/** The REST listener of an inference process: Open Inference Protocol V2, MLflow's scoring protocol and Kedge's own form. */
export async function startInferenceListener(options: InferenceListenerOptions): Promise<Listener> {
  const { node, log, door } = options
  const patience = options.patience ?? { headers: 20_000, request: 120_000, idle: 72_000 }
  /** whose request failed */
  const entered = new WeakMap<IncomingMessage, ServedEndpoint>()
  const enter = async (request: IncomingMessage, name: string) => {
    const trial = request.headers['kedge-trial'] !== undefined
    const endpoint = await door.enter(node.find(name), {
      authorization: request.headers.authorization,
      address: request.socket.remoteAddress,
      trial,
    })
    entered.set(request, trial ? node.trial(endpoint) : endpoint)
    return entered.get(request)!
  }
  const openInference = openInferenceRoutes({ ...options, enter })
  const endpoints = endpointRoutes({ ...options, enter })

  let draining = false

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const url = request.url ?? '/'
    const query = url.indexOf('?')
    const path = (query < 0 ? url : url.slice(0, query)).slice(1).split('/').map(decode)
    const gone = new AbortController()
    response.once('close', () => {
      if (!response.writableEnded) gone.abort()
      else if (!request.complete) passOver(request)
    })
    if (draining && request.httpVersionMajor === 1) response.setHeader('connection', 'close')
    let form: ErrorForm = 'kedge'
    try {
      guardOrigin(request, response, options.allowedHosts)
      if (request.method === 'OPTIONS') {
        response.writeHead(204).end()
        return
      }
      const exchange: Exchange = { request, response, path, signal: gone.signal }
      if (path[0] === 'endpoints' && path[1] !== undefined && path.length <= 3) {
        if (path[2] === 'invocations') form = 'mlflow'
        await endpoints(exchange, path[1], path[2])
      } else if (path[0] === 'v2') {
        form = 'v2'
        if (path.at(-1) === '') path.pop()
        await openInference(exchange)
      } else if (path[0] === 'projects' && path[2] === 'endpoints' && path[3] !== undefined && path.length <= 5) {
        if (path[4] === 'invocations') form = 'mlflow'
        await endpoints(exchange, `${path[1]}/${path[3]}`, path[4])
      } else if (path.length === 1 && (path[0] === 'health' || path[0] === 'ping') && request.method === 'GET')
        sendJson(response, 200, { status: 'ok', boot: node.boot, ready: node.ready() })
      else if (path.length === 1 && path[0] === 'version' && request.method === 'GET')
        sendText(response, 200, options.version, 'text/plain')
      else throw noRoute(request)
    } catch (error) {
      const endpoint = entered.get(request)
      if (endpoint) node.failed(endpoint, error)
      // who was not told to send its body need not send it, and nobody could tell whether it does
      if (isHeldBack(request)) response.setHeader('connection', 'close')
      else if (request.httpVersionMajor === 1) passOver(request)
      refuse(response, form, error, log)
    }
  }

  const server = createServer(
    {
      keepAliveTimeout: patience.idle,
      headersTimeout: patience.headers,
      requestTimeout: patience.request,
      connectionsCheckingInterval: Math.min(5000, patience.headers / 2),
      noDelay: true,
    },
    (request, response) => {
      void handle(request, response)
    },
  )
  if (options.mostConnections !== undefined) server.maxConnections = options.mostConnections
  server.on('checkContinue', (request, response) => {
    holdBack(request, response)
    void handle(request, response)
  })
  const http2 = acceptHttp2(
    server,
    (request, response) => {
      const late = setTimeout(() => endNow(response as unknown as ServerResponse), patience.request)
      request.once('end', () => clearTimeout(late))
      response.once('close', () => clearTimeout(late))
      // nobody reads what is left of its body: the stream would stay open
      response.once('finish', () => {
        if (!request.complete) response.stream?.close(constants.NGHTTP2_NO_ERROR)
      })
      // the compatibility layer of HTTP/2 has what is used here of HTTP/1's classes
      void handle(request as unknown as IncomingMessage, response as unknown as ServerResponse)
    },
    { patience: patience.headers, idle: patience.idle },
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
        draining = true
        void acceptWaiting(server).then(() => {
          // without what the server of HTTP does besides: it closes connections on which a request may be on its way
          NetServer.prototype.close.call(server, () => resolve())
        })
        setTimeout(() => server.closeIdleConnections(), drainGrace)
        http2.close(drainGrace)
        setTimeout(() => {
          server.closeAllConnections()
          http2.destroy()
        }, 10_000).unref()
      }),
  }
}

/** Resolves when no connection waits any more to be accepted, which the system would reset; one is taken in a turn of the event loop. */
async function acceptWaiting(server: NetServer) {
  let accepted = true
  const seen = () => {
    accepted = true
  }
  server.on('connection', seen)
  for (let turns = 0; accepted && turns < 1000; turns++) {
    accepted = false
    for (let quiet = 0; quiet < 2 && !accepted; quiet++) await new Promise((next) => setImmediate(next))
  }
  server.off('connection', seen)
}

const decode = (part: string) => {
  if (!part.includes('%')) return part
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const hostOf = (text: string) =>
  text
    .replace(/^\w+:\/\//, '')
    .replace(/:\d+$/, '')
    .toLowerCase()

/** A page of another site, or a name that was rebound to this address, is refused; pages of this machine may call. */
function guardOrigin(request: IncomingMessage, response: ServerResponse, allowed: ReadonlySet<string>) {
  const { origin } = request.headers
  const host = request.headers.host ?? (request.headers[':authority'] as string | undefined)
  for (const name of [host, origin])
    if (name !== undefined && !allowed.has(hostOf(name))) throw new KedgeError('foreign_origin', { host: hostOf(name) })
  if (origin === undefined) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('vary', 'origin')
  response.setHeader('access-control-allow-headers', 'authorization, content-type, inference-header-content-length')
  response.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS')
}

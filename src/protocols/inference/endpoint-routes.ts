import type { IncomingMessage } from 'node:http'
import type { ExplainAnswers } from '../../serving/explain/explain-answers.ts'
import type { InferenceNode } from '../../serving/inference/inference-node.ts'
import type { ServedEndpoint } from '../../serving/inference/served-endpoint.ts'
import { decodeUtf8 } from '../decode-utf8.ts'
import { answering } from '../open-inference/model-metadata.ts'
import { type Exchange, readBody, sendJson, sendLong, sendText } from './http-exchange.ts'
import { kedgePredict } from './kedge-predict.ts'
import { mlflowInvocations } from './mlflow-invocations.ts'
import { noRoute } from './no-route.ts'

export interface EndpointRoutesOptions {
  node: InferenceNode
  clock: () => number
  version: string
  /** absent where nothing is explained */
  explaining?: ExplainAnswers
  /** Errors: `not_found`, and those of the door. */
  enter(request: IncomingMessage, name: string): Promise<ServedEndpoint>
}

/** `endpoints/{name}/…` and `projects/{project}/endpoints/{name}/…`: Kedge's own form and MLflow's scoring protocol. */
export function endpointRoutes({ node, clock, version, enter, explaining }: EndpointRoutesOptions) {
  return async (exchange: Exchange, name: string, verb: string | undefined): Promise<void> => {
    const { request, response, signal } = exchange
    if (request.method === 'POST' && verb === 'predict') {
      const endpoint = await enter(request, name)
      node.admit(endpoint)
      const text = decodeUtf8(await readBody(request))
      return sendLong(exchange, await kedgePredict(node, endpoint, text, clock(), signal, explaining))
    }
    if (request.method === 'POST' && verb === 'invocations') {
      const endpoint = await enter(request, name)
      node.admit(endpoint)
      const body = await readBody(request)
      const type = request.headers['content-type'] ?? ''
      return sendLong(exchange, await mlflowInvocations(node, endpoint, body, type, clock(), signal))
    }
    if (request.method !== 'GET') throw noRoute(request)
    switch (verb) {
      case 'ping':
      case 'health':
        answering(node.find(name))
        return sendText(response, 200, '\n')
      case 'version':
        return sendText(response, 200, version, 'text/plain')
      case undefined:
        return sendJson(response, 200, describe(await enter(request, name)))
    }
    throw noRoute(request)
  }
}

function describe(endpoint: ServedEndpoint) {
  const main = endpoint.revisions.find((revision) => revision.traffic > 0)
  return {
    project: endpoint.project,
    name: endpoint.name,
    task: main?.loaded.description?.task ?? null,
    features: main?.loaded.description?.features.map(({ name, type }) => ({ name, type })) ?? null,
    lookup: endpoint.features
      ? {
          key: endpoint.features.key,
          columns: endpoint.features.columns.map(({ name }) => name),
          source: main?.lookUp?.lookup.source ?? null,
          entities: main?.lookUp?.lookup.entities ?? null,
        }
      : null,
    revisions: endpoint.revisions.map(({ number, model, version, traffic, shadow }) => ({
      number,
      model,
      version,
      percent: traffic / 100,
      shadow,
    })),
  }
}

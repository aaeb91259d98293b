import { Agent, request } from 'undici'
import { KedgeError } from '../../errors.ts'
import { type BackgroundRows, backgroundRows } from '../explain/explanation.ts'
import type { InferenceReport } from '../inference-report.ts'
import { type Routing, routing } from '../routing.ts'
import type { InputRow } from './features/view-rows.ts'
import { type ModelSample, modelSample } from './model-sample.ts'

/** Rows that landed, in order; `position`: where the next ones begin. */
export interface LandedRows {
  position: number
  rows: InputRow[]
}

/** The calls of an inference process to control. Errors: `unavailable` when control is away. */
export interface ControlClient {
  /** Waits until the routing is another than `known` or about `wait` milliseconds have passed; undefined then. */
  routing(known: string, wait: number, signal: AbortSignal): Promise<Routing | undefined>
  /** Errors: `not_found`. */
  blob(digest: string): Promise<AsyncIterable<Buffer>>
  /** Rows of a version with the scores on record for them; undefined without any. */
  sample(project: string, model: string, version: number): Promise<ModelSample | undefined>
  /** Rows over which explanations of a version average; undefined without any. */
  background(project: string, model: string, version: number): Promise<BackgroundRows | undefined>
  /** Rows of a feature view that landed from `after` on, once there are some. Errors: `invalid_input` when the view is another now. */
  landed(
    view: { project: string; name: string; generation: string },
    after: number,
    wait: number,
    signal: AbortSignal,
  ): Promise<LandedRows>
  /** Recorded rows. Errors: `invalid_input` when they can never be taken. */
  predictions(token: string, records: Buffer): Promise<void>
  report(report: InferenceReport): Promise<void>
  /** Whether the sender of this `Authorization` header may predict on the project's endpoints, or try them unnoticed. */
  mayPredict(
    authorization: string | undefined,
    project: string,
    permission?: 'predict' | 'serving.write',
  ): Promise<boolean>
  close(): Promise<void>
}

/** `secret` is the one that the processes of an installation share. */
export function createControlClient(address: string, secret: string): ControlClient {
  const dispatcher = new Agent({ keepAliveTimeout: 60_000, connections: 4 })
  const headers = { authorization: `Bearer ${secret}` }

  async function send(
    method: 'GET' | 'POST',
    path: string,
    options: { body?: Buffer | string; type?: string; signal?: AbortSignal; timeout?: number } = {},
  ) {
    const timeout = options.timeout ?? 30_000
    let answer: Awaited<ReturnType<typeof request>>
    try {
      answer = await request(new URL(path, address), {
        method,
        dispatcher,
        headers: {
          ...headers,
          ...(options.body === undefined ? {} : { 'content-type': options.type ?? 'application/json' }),
        },
        headersTimeout: timeout,
        bodyTimeout: timeout,
        ...(options.body === undefined ? {} : { body: options.body }),
        ...(options.signal ? { signal: options.signal } : {}),
      })
    } catch (cause) {
      throw new KedgeError('unavailable', { what: `Control at ${address} does not answer` }, { cause })
    }
    if (answer.statusCode < 300) return answer
    const text = (await answer.body.text()).slice(0, 500)
    const what = `Control refused ${method} ${path.split('?')[0]} with ${answer.statusCode}: ${text}`
    if (answer.statusCode === 404) throw new KedgeError('not_found', { kind: 'Resource', name: path }, { cause: what })
    if (answer.statusCode === 400 || answer.statusCode === 413 || answer.statusCode === 422)
      throw new KedgeError('invalid_input', { what })
    throw new KedgeError('unavailable', { what })
  }

  return {
    async routing(known, wait, signal) {
      const answer = await send('GET', `/internal/routing?known=${encodeURIComponent(known)}&wait=${wait}`, {
        signal,
        timeout: wait + 15_000,
      })
      if (answer.statusCode === 204) {
        await answer.body.dump()
        return undefined
      }
      return routing.parse(await answer.body.json())
    },
    async blob(digest) {
      return (await send('GET', `/internal/blobs/${digest}`, { timeout: 120_000 })).body
    },
    async sample(project, model, version) {
      const query = new URLSearchParams({ project, model, version: String(version) })
      try {
        const answer = await send('GET', `/internal/sample?${query}`)
        if (answer.statusCode === 200) return modelSample.parse(await answer.body.json())
        await answer.body.dump()
        return undefined
      } catch (error) {
        // the version was deleted, or control is an older one
        if (error instanceof KedgeError && error.code === 'not_found') return undefined
        throw error
      }
    },
    async landed({ project, name, generation }, after, wait, signal) {
      const query = new URLSearchParams({ project, view: name, generation, after: `${after}`, wait: `${wait}` })
      const answer = await send('GET', `/internal/landed?${query}`, { signal, timeout: wait + 15_000 })
      return (await answer.body.json()) as LandedRows
    },
    async background(project, model, version) {
      const query = new URLSearchParams({ project, model, version: String(version) })
      try {
        const answer = await send('GET', `/internal/background?${query}`)
        if (answer.statusCode === 200) return backgroundRows.parse(await answer.body.json())
        await answer.body.dump()
        return undefined
      } catch (error) {
        // as above
        if (error instanceof KedgeError && error.code === 'not_found') return undefined
        throw error
      }
    },
    async predictions(token, records) {
      const answer = await send('POST', `/internal/predictions?token=${encodeURIComponent(token)}`, {
        body: records,
        type: 'application/octet-stream',
        timeout: 120_000,
      })
      await answer.body.dump()
    },
    async report(report) {
      const answer = await send('POST', '/internal/report', { body: JSON.stringify(report) })
      await answer.body.dump()
    },
    async mayPredict(authorization, project, permission = 'predict') {
      const answer = await send('POST', '/internal/may-predict', {
        body: JSON.stringify({ authorization: authorization ?? null, project, permission }),
      })
      return ((await answer.body.json()) as { allowed: boolean }).allowed
    },
    close: () => dispatcher.destroy(),
  }
}

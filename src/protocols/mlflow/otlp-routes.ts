import { KedgeError } from '../../errors.ts'
import { traceLimits } from '../../tracking/traces/limits.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import type { MlflowCall, MlflowScope } from './mlflow-scope.ts'
import { decompressBody } from './otlp/decompress-body.ts'
import { readOtlp } from './otlp/read-otlp.ts'

/** OpenTelemetry's traces: `POST /v1/traces` in protobuf or JSON, into the experiment that a header names. */
export function otlpRoutes(scope: MlflowScope, { traces, runs }: Tracking): void {
  scope.plain('POST', '/v1/traces', 'tracking.write', async (call) => {
    const { context, project, request, reply } = call
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
    if (type !== 'application/x-protobuf' && type !== 'application/json')
      throw new KedgeError('invalid_input', {
        what: `Invalid Content-Type: ${type}. Expected: application/x-protobuf or application/json`,
      })
    const experiment = header(call, 'x-mlflow-experiment-id')
    if (!experiment)
      throw new KedgeError('invalid_input', {
        what: 'The header x-mlflow-experiment-id is missing: it names the experiment that the spans belong to',
      })
    const json = type === 'application/json'
    const spans = readOtlp(await decompressBody(request), json ? 'json' : 'protobuf')
    const run = header(call, 'x-mlflow-run-id')
    // before anything is written
    if (run) await runs.get(project, run)
    const ended = await traces.record(context, project, experiment, spans)
    if (run)
      for (let i = 0; i < ended.length; i += traceLimits.linkedTraces)
        await traces.linkToRun(context, project, ended.slice(i, i + traceLimits.linkedTraces), run)
    return json ? {} : reply.type('application/x-protobuf').send(Buffer.alloc(0))
  })
}

function header({ request }: MlflowCall, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

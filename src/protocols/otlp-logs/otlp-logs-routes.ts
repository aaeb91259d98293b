import type { FastifyInstance } from 'fastify'
import { KedgeError } from '../../errors.ts'
import type { LoggedModels } from '../../monitoring/logged-models.ts'
import { decompressBody } from '../mlflow/otlp/decompress-body.ts'
import { exportLogsResponse } from '../mlflow/otlp/otlp-proto.ts'
import { readLogRecords } from './read-log-records.ts'
import { takeRecords } from './take-records.ts'

const types: Record<string, 'protobuf' | 'json'> = { 'application/x-protobuf': 'protobuf', 'application/json': 'json' }
const mostReasons = 20

/**
 * Predictions and actuals as OpenTelemetry's log records: `POST /v1/logs` into the project `default`, `/otlp/PROJECT/v1/logs` into any.
 * Records that are wrong are refused with reasons as a partial success, all others are taken.
 */
export function otlpLogsRoutes(app: FastifyInstance, { logged }: { logged: LoggedModels }): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    for (const url of ['/v1/logs', '/otlp/:project/v1/logs'])
      scope.route({
        method: 'POST',
        url,
        config: { permission: 'actuals.write', ...(url === '/v1/logs' ? { project: 'default' } : {}) },
        schema: { hide: true } as object,
        async handler(request, reply) {
          const given = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
          const type = Object.hasOwn(types, given) ? types[given] : undefined
          if (!type)
            throw new KedgeError('invalid_input', {
              what: `Invalid Content-Type: ${given}. Expected: application/x-protobuf or application/json`,
            })
          const { project = 'default' } = request.params as { project?: string }
          const records = readLogRecords(await decompressBody(request), type)
          const { rejected } = await takeRecords(logged, { actor: request.actor }, project, records)
          const partial =
            rejected.length === 0
              ? {}
              : {
                  partialSuccess: {
                    rejectedLogRecords: rejected.length,
                    errorMessage: rejected
                      .slice(0, mostReasons)
                      .map(({ record, why }) => `record ${record}: ${why}`)
                      .join('; '),
                  },
                }
          if (type === 'json') return partial
          const bytes = exportLogsResponse.encode(exportLogsResponse.create(partial)).finish()
          return reply.type('application/x-protobuf').send(Buffer.from(bytes))
        },
      })
  })
}

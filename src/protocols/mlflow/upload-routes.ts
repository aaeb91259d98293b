import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { KedgeError } from '../../errors.ts'
import { joinPath } from '../../tracking/artifact-path.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import type { Fields } from './fields.ts'
import type { MlflowScope } from './mlflow-scope.ts'

const path = '/mlflow-artifacts/mpu'
const keyHeader = 'x-kedge-upload-key'

/** Clients send their own path of the file: its last part is the artifact's name. */
const target = (directory: string, fields: Fields) =>
  joinPath(directory, fields.required('path').split(/[/\\]/).at(-1)!)

/** The address under which the caller reached this server: parts go the same way. */
function reachedAt(request: FastifyRequest): string {
  const forwarded = request.headers['x-forwarded-proto']
  const protocol = forwarded === 'https' || forwarded === 'http' ? forwarded : request.protocol
  return `${protocol}://${request.headers.host ?? request.host}`
}

const keyOf = (request: FastifyRequest): string => {
  const key = request.headers[keyHeader]
  if (typeof key !== 'string')
    throw new KedgeError('unauthenticated', {}, { todo: 'Send the headers that came with the address of the part.' })
  return key
}

/** Uploads in parts, as MLflow's client asks for them. */
export function uploadRoutes(scope: MlflowScope, base: string, { uploads }: Pick<Tracking, 'uploads'>): void {
  for (const suffix of ['', '/*']) {
    scope.add(
      'POST',
      `${path}/create${suffix}`,
      'tracking.write',
      async ({ context, project, fields, params, request }) => {
        const count = fields.integer('num_parts') ?? 1
        const { id, key, parts } = await uploads.begin(context, project, target(params['*'] ?? '', fields), count)
        const prefix = `${reachedAt(request)}${base.replace(':project', encodeURIComponent(project))}`
        return {
          upload_id: id,
          credentials: Array.from({ length: parts }, (_, i) => ({
            url: `${prefix}/api/2.0${path}/parts/${id}/${i + 1}`,
            part_number: i + 1,
            headers: { [keyHeader]: key },
          })),
        }
      },
    )
    scope.add('POST', `${path}/complete${suffix}`, 'tracking.write', ({ context, project, fields, params }) =>
      uploads.complete(
        context,
        project,
        target(params['*'] ?? '', fields),
        fields.required('upload_id'),
        fields.messages('parts', (part) => ({ part: part.integer('part_number') ?? 0, etag: part.text('etag') })),
      ),
    )
    scope.add('POST', `${path}/abort${suffix}`, 'tracking.write', ({ project, fields }) =>
      uploads.abort(project, fields.required('upload_id')),
    )
  }
  // whoever was given the key may look and send, without a token
  scope.add('GET', `${path}/parts/:uploadId`, 'public', async ({ project, params, request }) => ({
    parts: (await uploads.listParts(project, params.uploadId!, keyOf(request))).map(({ part, etag, bytes }) => ({
      part_number: part,
      etag: `"${etag}"`,
      bytes,
    })),
  }))
  scope.add('GET', '/mlflow-artifacts/presigned/*', 'read', () => {
    throw new KedgeError(
      'unsupported',
      { what: 'A presigned address for downloads' },
      { todo: 'Download the artifact itself: ranges are answered.' },
    )
  })
}

/** The parts themselves, whatever their type. */
export function uploadPartRoutes(scope: MlflowScope, { uploads }: Pick<Tracking, 'uploads'>): void {
  scope.add('PUT', `${path}/parts/:uploadId/:part`, 'public', async ({ project, params, request, reply }) => {
    const content = request.body as Readable | undefined
    if (content === undefined) throw new KedgeError('invalid_input', { what: 'The part has no bytes' })
    const part = await uploads.takePart(project, params.uploadId!, keyOf(request), Number(params.part), content)
    reply.header('etag', `"${part.etag}"`)
  })
}

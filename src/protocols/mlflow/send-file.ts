import { basename } from 'node:path/posix'
import { Readable } from 'node:stream'
import type { Artifacts } from '../../tracking/artifacts.ts'
import type { MlflowCall } from './mlflow-scope.ts'

/** Types that a browser may show; anything else, pages and scripts above all, is a download of bytes. */
const shown: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
  md: 'text/plain; charset=utf-8',
  log: 'text/plain; charset=utf-8',
  yaml: 'text/plain; charset=utf-8',
  yml: 'text/plain; charset=utf-8',
  csv: 'text/plain; charset=utf-8',
}

/** Streams an artifact, or the range of it that the request asks for; its digest is its ETag (RFC 9110). */
export async function sendFile(
  { project, request, reply }: Pick<MlflowCall, 'project' | 'request' | 'reply'>,
  artifacts: Artifacts,
  path: string,
) {
  const file = await artifacts.find(project, path)
  const bytes = Number(file.bytes)
  const etag = `"${file.digest}"`
  const name = basename(file.path)
  const type = shown[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream'
  reply.header('etag', etag).header('accept-ranges', 'bytes')
  const known = request.headers['if-none-match']
  if (known !== undefined && (known.trim() === '*' || known.includes(etag))) return reply.status(304).send()
  // a range of what has changed since is of no use: then it is the whole
  const same = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
  const range = same ? readRange(request.headers.range, bytes) : undefined
  if (range === 'outside')
    return reply
      .status(416)
      .header('content-range', `bytes */${bytes}`)
      .type('application/json')
      .send({
        error_code: 'INVALID_PARAMETER_VALUE',
        message: `The range ${request.headers.range} is not within the ${bytes} bytes of the file`,
      })
  reply
    .type(type)
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`)
    .header('content-length', range ? range.end - range.start + 1 : bytes)
  if (range) reply.status(206).header('content-range', `bytes ${range.start}-${range.end}/${bytes}`)
  if (bytes === 0) return reply.send(Buffer.alloc(0))
  // a stream, because of a buffer the length would be taken
  if (request.method === 'HEAD') return reply.send(Readable.from([]))
  const { content } = await artifacts.open(project, path, range)
  return reply.send(content)
}

/** One range; undefined for the whole: no range, one that is none, or several at once. */
function readRange(header: string | undefined, bytes: number): { start: number; end: number } | 'outside' | undefined {
  const found = header === undefined ? null : /^bytes=(\d*)-(\d*)$/.exec(header.trim())
  if (!found || (found[1] === '' && found[2] === '')) return undefined
  const start = found[1] === '' ? Math.max(0, bytes - Number(found[2])) : Number(found[1])
  const end = found[1] === '' || found[2] === '' ? bytes - 1 : Math.min(Number(found[2]), bytes - 1)
  if (found[1] !== '' && found[2] !== '' && Number(found[2]) < start) return undefined
  return start >= bytes || start > end ? 'outside' : { start, end }
}

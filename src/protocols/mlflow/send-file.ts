import { basename } from 'node:path/posix'
import { KedgeError } from '../../errors.ts'
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

/** Streams an artifact, or the range of it that the request asks for. */
export async function sendFile(
  { project, request, reply }: Pick<MlflowCall, 'project' | 'request' | 'reply'>,
  artifacts: Artifacts,
  path: string,
) {
  const file = await artifacts.find(project, path)
  const range = readRange(request.headers.range, file.bytes)
  const name = basename(file.path)
  const type = shown[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream'
  reply
    .type(type)
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`)
    .header('accept-ranges', 'bytes')
    .header('etag', `"${file.digest}"`)
  if (file.bytes === 0) return reply.header('content-length', 0).send(Buffer.alloc(0))
  const { content } = await artifacts.open(project, path, range)
  if (range)
    reply
      .status(206)
      .header('content-range', `bytes ${range.start}-${range.end}/${file.bytes}`)
      .header('content-length', range.end - range.start + 1)
  else reply.header('content-length', file.bytes)
  return reply.send(content)
}

function readRange(header: string | undefined, bytes: number): { start: number; end: number } | undefined {
  const found = header === undefined ? null : /^bytes=(\d*)-(\d*)$/.exec(header.trim())
  if (!found || (found[1] === '' && found[2] === '')) return undefined
  const start = found[1] === '' ? Math.max(0, bytes - Number(found[2])) : Number(found[1])
  const end = found[1] === '' || found[2] === '' ? bytes - 1 : Math.min(Number(found[2]), bytes - 1)
  if (start >= bytes || start > end)
    throw new KedgeError('invalid_input', { what: `The range ${header} is not within the ${bytes} bytes of the file` })
  return { start, end }
}

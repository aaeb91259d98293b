import type { PlacedAnswer } from '../../contracts/file-place.ts'
import { KedgeError } from '../../errors.ts'

/** What an answer over HTTP that is no success means for a source. `said`: what the server says about it. */
export function answerError(shown: string, status: number, said = ''): KedgeError {
  if (status === 404 || status === 410) return new KedgeError('not_found', { kind: 'The file', name: shown })
  const what = `it answers with status ${status}${said ? ` (${said})` : ''}`
  return new KedgeError(status === 408 || status === 429 || status >= 500 ? 'source_unreachable' : 'source_refused', {
    source: shown,
    what,
  })
}

/** The body of a short answer. */
export async function textOf({ body }: Pick<PlacedAnswer, 'body'>, limit = 64 * 2 ** 20): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    pieces.push(piece as Buffer)
    bytes += (piece as Buffer).length
    if (bytes > limit) throw new KedgeError('too_large', { what: 'A list of files', limit: `${limit} bytes` })
  }
  return Buffer.concat(pieces).toString('utf8')
}

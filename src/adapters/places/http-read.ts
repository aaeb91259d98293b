import type { PlacedAnswer, PlacedBytes, ReadOptions } from '../../contracts/file-place.ts'
import { KedgeError } from '../../errors.ts'
import { answerError, textOf } from './answer-error.ts'

/** Sends a GET with some headers. */
export type Get = (headers: Record<string, string>) => Promise<PlacedAnswer>

/** A version names bytes by their ETag, or by when they were changed. */
const asVersion = ({ headers }: PlacedAnswer): string | null => {
  const [tag, changed] = [headers.get('etag'), headers.get('last-modified')]
  return tag ? `etag ${tag}` : changed ? `modified ${changed}` : null
}
const named = (version: string) => version.slice(version.indexOf(' ') + 1)

/** Reads a file from a server that speaks HTTP: what is known is not sent again, what broke off goes on. `said`: what an error says. */
export async function readOverHttp(
  get: Get,
  shown: string,
  { start = 0, version, known }: ReadOptions,
  said: (text: string) => string = () => '',
): Promise<PlacedBytes | undefined> {
  const headers: Record<string, string> = {}
  if (known) headers[known.startsWith('etag ') ? 'if-none-match' : 'if-modified-since'] = named(known)
  if (start > 0) {
    headers.range = `bytes=${start}-`
    // a weak tag does not name bytes
    if (version && !version.startsWith('etag W/')) headers['if-range'] = named(version)
  }
  const answer = await get(headers)
  if (known && answer.status === 304) {
    answer.body.destroy()
    return undefined
  }
  if (answer.status === 416 && start > 0) {
    // there are not even so many bytes: it is another file
    answer.body.destroy()
    return readOverHttp(get, shown, {}, said)
  }
  if (answer.status !== 200 && answer.status !== 206) {
    const text = await textOf(answer, 65_536).catch(() => '')
    throw answerError(shown, answer.status, said(text).slice(0, 200))
  }
  const length = answer.headers.get('content-length')
  if (answer.status === 200)
    return { body: answer.body, start: 0, size: length === null ? null : Number(length), version: asVersion(answer) }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers.get('content-range') ?? '')
  if (!range) {
    answer.body.destroy()
    throw new KedgeError('source_refused', { source: shown, what: 'it answers with a part, and does not say which' })
  }
  return {
    body: answer.body,
    start: Number(range[1]),
    size: range[2] === '*' ? null : Number(range[2]),
    version: asVersion(answer),
  }
}

import type { IncomingMessage } from 'node:http'
import type { Statement } from './engine-sessions.ts'

/** Parameters of ClickHouse's HTTP interface that are no settings. */
const NOT_SETTINGS = new Set([
  'query', 'database', 'default_format', 'query_id', 'session_id', 'session_check', 'session_timeout', 'user', 'password',
  'role', 'compress', 'decompress', 'wait_end_of_query', 'buffer_size', 'enable_http_compression', 'http_zlib_compression_level',
  'send_progress_in_http_headers', 'cancel_http_readonly_queries_on_client_close', 'http_headers_progress_interval_ms', 'quota_key',
]) // biome-ignore format: a table

export interface EngineRequest extends Statement {
  /** of a response whose SQL names none */
  format: string
  /** rows of an INSERT … FORMAT; empty when the SQL came in the body */
  data: Buffer
}

export class BodyTooLarge extends Error {}
/** The client went away in the middle of its request. */
export class BodyIncomplete extends Error {}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      size += piece.length
      if (size > limit) throw new BodyTooLarge()
      pieces.push(piece)
    }
  } catch (error) {
    throw error instanceof BodyTooLarge ? error : new BodyIncomplete('', { cause: error })
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, size)
}

async function readParts(body: Buffer, contentType: string): Promise<[string, string][]> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData()
  return [...form].map(([name, value]) => [name, String(value)])
}

/** Reads a request of ClickHouse's HTTP interface: SQL in the URL or the body, settings, `param_*`, rows in the body. */
export async function readEngineRequest(request: IncomingMessage, bodyLimit: number): Promise<EngineRequest> {
  const url = new URL(request.url ?? '/', 'http://engine')
  const fields = new Map(url.searchParams)
  let data = await readBody(request, bodyLimit)
  const contentType = request.headers['content-type'] ?? ''
  if (contentType.startsWith('multipart/form-data')) {
    for (const [name, value] of await readParts(data, contentType)) fields.set(name, value)
    data = Buffer.alloc(0)
  }
  const inUrl = fields.get('query')
  const sql = inUrl ?? data.toString()
  const params: Record<string, string> = {}
  const settings: Record<string, string> = {}
  for (const [name, value] of fields) {
    if (name.startsWith('param_')) params[name.slice(6)] = value
    else if (!NOT_SETTINGS.has(name)) settings[name] = value
  }
  return {
    sql,
    data: inUrl === undefined ? Buffer.alloc(0) : data,
    params,
    settings,
    database: fields.get('database'),
    format: fields.get('default_format') ?? 'TabSeparated',
  }
}

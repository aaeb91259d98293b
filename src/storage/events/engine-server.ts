import { randomUUID, timingSafeEqual } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { bindParameters, quote } from './bind-parameters.ts'
import { BodyIncomplete, BodyTooLarge, type EngineRequest, readEngineRequest } from './engine-request.ts'
import { createSessions, type Lease } from './engine-sessions.ts'
import { mendTokens } from './mend-tokens.ts'

export interface EngineOptions {
  directory: string
  password: string
  /** statements that read, and inserts, at the same time */
  readers: number
  writers: number
  /** bytes that the engine may use; beyond it a query fails instead of the machine */
  memoryLimit: number
  /** bytes of one request */
  bodyLimit: number
}

type Sessions = ReturnType<typeof createSessions>

const INSERT_ROWS = /^\s*INSERT\s+INTO\s+(?:TABLE\s+)?([\w.]+)\s*(?:\(([\w\s,]+)\)\s*)?FORMAT\s+(\w+)\s*$/i
const INSERT = /^\s*INSERT\s/i
/** chDB takes these formats as bytes, without a copy through a string */
const TEXT_FORMATS = new Set(['JSONEachRow', 'JSONCompactEachRow', 'TabSeparated', 'TSV', 'CSV', 'CSVWithNames'])
const BYTE_FORMATS = new Set([...TEXT_FORMATS, 'RowBinary'])
/** One block in the order of the rows, so that a repeated insert is known by its token. */
const IN_ONE_PIECE = {
  max_threads: 1,
  max_insert_threads: 1,
  min_insert_block_size_rows: 100_000_000,
  min_insert_block_size_bytes: 2 ** 31,
  max_insert_block_size: 100_000_000,
}

const STATUS_OF_CODE: Record<string, number> = { 60: 404, 81: 404, 497: 403, 241: 500 }

const sameText = (a: string, b: string) => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function passwordOf(request: IncomingMessage): string {
  const [scheme, value] = (request.headers.authorization ?? '').split(' ')
  if (scheme === 'Basic' && value)
    return Buffer.from(value, 'base64')
      .toString()
      .replace(/^[^:]*:/, '')
  return String(request.headers['x-clickhouse-key'] ?? '')
}

/** Rows into a table by the engine's own parser. */
async function insertRows(lease: Lease, request: EngineRequest, match: RegExpExecArray, incoming: string) {
  const [, table, columns, format] = match
  const started = performance.now()
  if (!TEXT_FORMATS.has(format!)) {
    // chDB takes no binary rows with a statement, but reads them from a file
    const file = join(incoming, randomUUID())
    try {
      await writeFile(file, request.data)
      const prelude = lease.prelude({ ...request, settings: { ...request.settings, ...IN_ONE_PIECE } })
      const done = await lease.session.queryAsync(
        `${prelude}INSERT INTO ${table}${columns ? ` (${columns})` : ''} SELECT * FROM file(${quote(file)}, ${format})`,
      )
      return { written: done.rowsRead, bytes: done.bytesRead, milliseconds: performance.now() - started }
    } finally {
      await rm(file, { force: true })
    }
  }
  const prelude = lease.prelude({ database: request.database, settings: {} })
  if (prelude) await lease.session.queryAsync(prelude)
  const done = await lease.session.insert({
    table: table!,
    columns: columns?.split(',').map((name) => name.trim()),
    format: format as 'JSONEachRow',
    values: request.data,
    settings: request.settings,
  })
  return { written: done.rowsWritten, bytes: done.bytesWritten, milliseconds: performance.now() - started }
}

/**
 * chDB behind ClickHouse's HTTP interface, as far as its official clients use it. A request whose client leaves before the
 * answer is stopped in the engine.
 */
export function createEngineServer(options: EngineOptions) {
  const connectionArgs = [
    `--max_server_memory_usage=${options.memoryLimit}`,
    // many ids may be bound as one parameter, and parameters are part of what is parsed
    `--max_query_size=${options.bodyLimit}`,
  ]
  const readers: Sessions = createSessions(options.directory, options.readers, connectionArgs)
  const writers: Sessions = createSessions(options.directory, options.writers, connectionArgs)
  const killers: Sessions = createSessions(options.directory, 1, connectionArgs)
  const incoming = join(options.directory, 'incoming')
  let version = ''

  /** Stops the statement that begins with `tag`; again until it is over, for it may not have begun. */
  async function stop(tag: string, over: () => boolean) {
    const lease = await killers.take()
    while (!over()) {
      await lease.session.queryAsync(`KILL QUERY WHERE startsWith(query, ${quote(tag)}) ASYNC`).catch(() => {})
      await pause(20)
    }
    lease.release()
  }

  async function answerRows(asked: EngineRequest, lease: Lease, response: ServerResponse) {
    const tag = `/* ${randomUUID()} */`
    let over = false
    response.once('close', () => {
      if (!over) void stop(tag, () => over)
    })
    const rows = asked.data.length > 0 ? `\n${asked.data}` : ''
    const statement = `${lease.prelude(asked)}${tag} ${bindParameters(asked.sql, asked.params)}${rows}`
    try {
      const result = await lease.session.queryAsync(statement, { format: asked.format })
      response.writeHead(200, {
        'content-type': 'text/plain; charset=UTF-8',
        'x-clickhouse-summary': summary({
          read_rows: result.rowsRead,
          read_bytes: result.bytesRead,
          written_rows: 0,
          written_bytes: 0,
          elapsed_ns: result.elapsed * 1e9,
        }),
      })
      response.end(result.bytes())
    } catch (error) {
      // the engine lists a failed statement as running until the session's next one
      await lease.session.queryAsync('SELECT 1').catch(() => {})
      throw error
    } finally {
      over = true
    }
  }

  function fail(response: ServerResponse, error: unknown) {
    if (response.destroyed || response.headersSent) return
    const text = error instanceof Error ? error.message : String(error)
    const code = /Code: (\d+)/.exec(text)?.[1]
    response.writeHead(code ? (STATUS_OF_CODE[code] ?? 500) : 500, {
      'content-type': 'text/plain; charset=UTF-8',
      ...(code ? { 'x-clickhouse-exception-code': code } : {}),
    })
    // chDB sometimes appends ": While executing …" after the code's name, where clients expect the name and version last
    response.end(
      code
        ? `${text.trim()} (version ${version})\n`
        : `Code: 1002. DB::Exception: ${text} (UNKNOWN_EXCEPTION) (version ${version})\n`,
    )
  }

  const summary = (fields: Record<string, number>) =>
    JSON.stringify(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(Math.round(value))])))

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const asked = await readEngineRequest(request, options.bodyLimit)
    const rows = INSERT_ROWS.exec(asked.sql)
    const lease = await (INSERT.test(asked.sql) && asked.data.length > 0 ? writers : readers).take()
    try {
      if (response.destroyed) return
      if (rows && asked.data.length > 0 && BYTE_FORMATS.has(rows[3]!)) {
        const done = await insertRows(lease, asked, rows, incoming)
        response.writeHead(200, {
          'x-clickhouse-summary': summary({
            read_rows: done.written,
            read_bytes: done.bytes,
            written_rows: done.written,
            written_bytes: done.bytes,
            elapsed_ns: done.milliseconds * 1e6,
          }),
        })
        response.end()
        return
      }
      await answerRows(asked, lease, response)
    } finally {
      lease.release()
    }
  }

  const server: Server = createServer(
    { maxHeaderSize: 4 * 1024 * 1024, keepAliveTimeout: 60_000, requestTimeout: 0 },
    (request, response) => {
      if (request.url?.startsWith('/ping')) return void response.end('Ok.\n')
      if (!sameText(passwordOf(request), options.password)) {
        response.writeHead(403, { 'x-clickhouse-exception-code': '516' })
        return void response.end('Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)\n')
      }
      answer(request, response).catch((error: unknown) => {
        if (error instanceof BodyIncomplete) return response.destroy()
        if (error instanceof BodyTooLarge) {
          response.writeHead(413)
          return void response.end('Code: 161. DB::Exception: The request is too large. (TOO_LARGE_REQUEST)\n')
        }
        fail(response, error)
      })
    },
  )

  return {
    /** Takes the data directory's lock and listens; gives the port. */
    async listen(host: string, port: number): Promise<number> {
      readers.open()
      // what a crash has left
      rmSync(incoming, { recursive: true, force: true })
      mkdirSync(incoming)
      const lease = await readers.take()
      version = (await lease.session.queryAsync('SELECT version()', { format: 'TabSeparated' })).text().trim()
      const mended = await mendTokens(async (sql) => (await lease.session.queryAsync(sql, { format: 'TSVRaw' })).text())
      if (mended > 0) console.error(`forgot ${mended} tokens of inserts that a crash had cut off`)
      lease.release()
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
      return (server.address() as { port: number }).port
    },
    version: () => version,
    /** Finishes the requests in flight, then closes the engine. */
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
      for (const sessions of [readers, writers, killers]) sessions.close()
    },
  }
}

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { KedgeError } from '../errors.ts'
import { createSessions } from '../storage/events/engine-sessions.ts'
import { plainMessage } from '../storage/events/events-error.ts'

export interface Answer<Row> {
  rows: Row[]
  /** of WITH TOTALS */
  totals: Row | undefined
}

/** The SQL engine over files of this machine, in this process. */
export interface TableEngine {
  /** a folder that goes when the engine is closed */
  folder: string
  /** 64-bit integers come as numbers; NaN and infinities as null. Errors: `EngineRefusal`. */
  query<Row>(sql: string): Promise<Answer<Row>>
  close(): Promise<void>
}

/** What the engine says is wrong: its type of error and a text without SQL. */
export class EngineRefusal extends Error {
  readonly type: string
  readonly row: number | undefined
  constructor(text: string) {
    super(plainMessage(text.replace(/\(in file\/uri [^)]*\):?/g, '').replace(/ ?\((version [\d.]+|[A-Z_]+)\)/g, '')))
    this.type = /\((\w+)\)[^()]*$/.exec(text.trim())?.[1] ?? ''
    const row = /\(at row (\d+)\)/.exec(text)?.[1]
    this.row = row === undefined ? undefined : Number(row)
  }
}

/** Statements at the same time: one a side. */
const SESSIONS = 2
const SETTINGS = {
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
  output_format_json_validate_utf8: 1,
  date_time_output_format: 'iso',
  // a column that no row fills is of a Nullable type all the same
  schema_inference_make_columns_nullable: 1,
  input_format_parquet_allow_missing_columns: 0,
  engine_file_truncate_on_insert: 1,
  // both sides are read at once
  max_threads: Math.max(1, Math.floor(availableParallelism() / SESSIONS)),
  // a third less memory for the same time: small blocks, and no machine code for expressions that run once
  max_block_size: 8192,
  input_format_parquet_max_block_size: 8192,
  compile_expressions: 0,
  compile_aggregate_expressions: 0,
}

/** Opens the engine on a folder of its own; `memory` bytes are its limit, half of the machine's when absent. */
export async function openTableEngine(memory = Math.floor(totalmem() / 2)): Promise<TableEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'kedge-check-'))
  const data = join(folder, 'engine')
  await mkdir(data)
  const sessions = createSessions(data, SESSIONS, [
    `--max_server_memory_usage=${memory}`,
    '--max_query_size=1073741824',
    '--max_ast_elements=10000000',
    '--max_expanded_ast_elements=10000000',
  ])
  const inFlight = new Set<Promise<unknown>>()
  let closed = false
  const answer = async <Row>(sql: string): Promise<Answer<Row>> => {
    if (closed) throw new KedgeError('cancelled', { what: 'The comparison' })
    const lease = await sessions.take()
    try {
      const result = await lease.session.queryAsync(`${lease.prelude({ settings: SETTINGS })}${sql}`, {
        format: 'JSON',
      })
      const text = result.text()
      if (text === '') return { rows: [], totals: undefined }
      const { data: rows, totals } = JSON.parse(text) as { data: Row[]; totals?: Row }
      return { rows, totals }
    } catch (error) {
      throw refusal(error)
    } finally {
      lease.release()
    }
  }
  return {
    folder,
    query<Row>(sql: string) {
      const running = answer<Row>(sql)
      const settled = running.catch(() => {})
      inFlight.add(settled)
      void settled.then(() => inFlight.delete(settled))
      return running
    },
    async close() {
      // the other side may still be read when one has failed
      closed = true
      await Promise.all(inFlight)
      sessions.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function refusal(error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error)
  if (!/DB::\w*Exception/.test(text)) return error as Error
  const found = new EngineRefusal(text)
  if (/^MEMORY_LIMIT_EXCEEDED|^MEMORY_RESERVATION/.test(found.type))
    return new KedgeError('events_limit', { what: found.message }, { cause: error })
  if (/No space left on device/.test(text)) return new KedgeError('disk_full', { path: tmpdir() }, { cause: error })
  return found
}

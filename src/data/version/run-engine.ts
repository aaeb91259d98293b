import type { EventsStore } from '../../storage/events/events-store.ts'
import { readSettings, writeSettings } from '../source/stage.ts'

type Settings = Record<string, string | number>

/** The engine for one run: its statements may be repeated, end with the run, and count rows where they are. */
export interface RunEngine {
  query<T>(sql: string, params?: Record<string, unknown>, settings?: Settings): Promise<T[]>
  command(sql: string, params?: Record<string, unknown>, settings?: Settings): Promise<void>
}

/** Parquet that every program reads; a bloom filter for each column would be a fifth of the file. */
const parquetSettings: Settings = {
  output_format_parquet_compression_method: 'snappy',
  output_format_parquet_write_bloom_filter: 0,
}

/** Moved before the read, a condition with a subquery loses its columns (seen with 26.7 on Parquet). */
const safeReading: Settings = { optimize_move_to_prewhere: 0 }

/** An isolation forest is one large expression. */
const largeStatements: Settings = { max_query_size: 64 * 2 ** 20, max_ast_elements: 5_000_000, max_expanded_ast_elements: 5_000_000, max_parser_depth: 10_000, max_ast_depth: 10_000 } // biome-ignore format: a list

export function createRunEngine(engine: EventsStore, signal?: AbortSignal): RunEngine {
  const options = (settings: Settings) => ({
    settings: { ...largeStatements, ...safeReading, ...settings },
    repeatable: true,
    ...(signal ? { signal } : {}),
  })
  return {
    query: (sql, params, settings = {}) => engine.query(sql, params, options({ ...settings, ...readSettings })),
    command: (sql, params, settings = {}) =>
      engine.command(sql, params, options({ ...settings, ...writeSettings, ...parquetSettings })),
  }
}

import type { Generated } from 'kysely'

export interface StreamTables {
  /** what is landed of a source of kind stream, and who reads it */
  streams: {
    project: string
    name: string
    /** names the stream at its peer; the same as long as the row is there */
    identity: string
    kind: string
    state: 'running' | 'paused' | 'removed'
    /** `node:job:attempt` of the one that may land; whoever takes it fences the one before */
    holder: string | null
    job_id: number | null
    /** JSON: names of the columns in the order in which they were first seen; only grows */
    columns: string
    /** JSON: where the reader stands at its peer */
    position: string
    /** JSON: what its decoder knows */
    memory: string
    /** rows landed; the sequence of the next one */
    landed: number
    /** messages that could not be read */
    dead: number
    /** messages that were landed already */
    repeated: number
    /** rows that are in micro-batches */
    folded: number
    /** bytes and rows that are in none yet */
    buffered_bytes: number
    landed_at: number | null
    /** JSON: what its reader says of itself */
    status: string
    created_at: number
    updated_at: number
  }
  /** what is durable and in no micro-batch yet */
  stream_chunks: {
    id: Generated<number>
    project: string
    source: string
    kind: 'rows' | 'dead'
    /** sequence of its first row */
    first: number
    rows: number
    /** before it was compressed */
    bytes: number
    /** rows as JSON arrays, one a line, zstd */
    data: Uint8Array
    created_at: number
  }
  /** micro-batches: Parquet files of consecutive rows */
  stream_batches: {
    id: Generated<number>
    project: string
    source: string
    kind: 'rows' | 'dead'
    first: number
    rows: number
    digest: string
    bytes: number
    /** how often its rows were written together with others */
    level: number
    created_at: number
  }
  /** pushes that were landed, so that one that is repeated is not landed again */
  stream_pushes: {
    project: string
    source: string
    key: string
    /** digest of what was sent */
    digest: string
    /** JSON */
    answer: string
    created_at: number
  }
}

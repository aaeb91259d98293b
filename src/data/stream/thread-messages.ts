import type { SecretReference } from '../../contracts/source.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import type { WrittenRows } from './row-writer.ts'

/** What a thread that reads a stream begins with. */
export interface ReaderStart {
  project: string
  name: string
  identity: string
  config: SourceSpec
  columns: string[]
  position: unknown
  memory: unknown
  allowHosts: readonly string[]
}

/** Rows and messages of one commit. */
export interface Landing {
  rows: WrittenRows | undefined
  dead: WrittenRows | undefined
  /** messages that were landed already */
  repeated: number
  /** all columns, when there are new ones */
  columns: string[] | undefined
  position: unknown
  memory: unknown
}

export interface ReaderState {
  connection: 'connected' | 'connecting'
  reason: string | undefined
}

/** From the thread. */
export type FromReader =
  | { type: 'landing'; landing: Landing }
  | ({ type: 'state' } & ReaderState)
  | { type: 'lag'; lag: number | null }
  | { type: 'secret'; number: number; reference: SecretReference }
  | { type: 'closed'; forgotten: boolean }
  | { type: 'failed'; error: { code: string; message: string; todo: string } }

/** To the thread; `ids` come before `begin`. */
export type ToReader =
  | { type: 'ids'; ids: string[] }
  | { type: 'begin' }
  | { type: 'landed' }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'close'; forget: boolean }
  | { type: 'secret'; number: number; value?: string; error?: string }

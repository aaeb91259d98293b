import { z } from 'zod'
import type { Column, ColumnType } from './column.ts'
import { columnTypes } from './column.ts'
import { type SecretReference, type SourceDefinition, secretReference } from './source.ts'

/** One message of a stream, as it came. */
export interface StreamMessage {
  payload: Uint8Array
  /** topic; empty where the kind has none */
  topic: string
  /** where it stands, for people: a topic, or `topic/partition/offset` */
  place: string
  /** the row in it, where the peer sends rows and no payloads */
  row?: Record<string, unknown>
  /** values of the kind's own columns (its `columns`), and of those that the declaration takes from the topic */
  columns: Record<string, string | number | boolean | null>
}

/** A point in a stream: everything that was handed over before it. */
export interface StreamMark {
  /** stored in the transaction that lands the messages, as JSON; the next reader opens with it */
  position: unknown
  /** Called when they are durable: only now the peer may forget them. */
  acknowledge(): void
}

export interface StreamFeed {
  /** Everything handed over since the mark before. */
  mark(): StreamMark
  /** Stops handing over, without leaving the peer, until `resume`. */
  pause(): void
  resume(): void
  /** How far behind: messages that wait at the peer; null where the peer does not tell. */
  lag(): Promise<number | null>
  /** Leaves the peer in a way that loses nothing: what is not acknowledged comes again. */
  close(): Promise<void>
  /** After `close`, when the stream is removed: takes away what was made for it at the peer. */
  forget?(): Promise<void>
}

export interface StreamSink {
  /** Hands a message over. */
  take(message: StreamMessage): void
  /** Counts messages that the peer sent again although they are landed. */
  repeated(messages: number): void
  /** Says how the connection is; without a reason it is well. */
  connection(state: 'connected' | 'connecting', reason?: string): void
}

/** What a stream may use of the world. */
export interface StreamEnvironment {
  /** names the stream among all of an installation; the same after a restart */
  identity: string
  /** An address of a host that may be called. Errors: `address_guarded`, `source_unreachable`. */
  checkedHost(host: string): Promise<string>
  /** The value behind a reference. Errors: `not_found`. */
  secret(reference: SecretReference): Promise<string>
}

export interface ToldRows {
  types: Column[]
  /** The rows are changes of a table: `_operation` is begin (of a snapshot), snapshot, end, insert, update, delete or truncate, `_lsn` names the snapshot, `_unchanged` lists columns that an update left as they were. */
  changes: boolean
  /** columns that name a row of the table: datasets read its current rows, not the changes */
  key?: string[]
}

export interface StreamSourceDefinition<Config = unknown> {
  /** `kind:` in kedge.yaml */
  kind: string
  title: string
  /** an object schema with `kind: z.literal(…)` and the fields of `streamSettings` */
  config: z.ZodType<Config>
  /** columns that the kind gives every row; their names begin with _ */
  columns: { name: string; type: ColumnType }[]
  /** columns that this declaration takes from the topic */
  named?(config: Config): string[]
  /** What the peer has told of its rows so far, by what is stored as its position. */
  told?(config: Config, position: unknown): ToldRows | undefined
  /** Opens the stream where `position` says, at its beginning or end when there is none; absent where messages are pushed. Errors: `source_…`. */
  open?(config: Config, position: unknown, sink: StreamSink, environment: StreamEnvironment): Promise<StreamFeed>
  /** How long messages wait for others to share a commit, in milliseconds. */
  linger?: number
}

/** Declares a kind of stream: one file in `adapters/streams`. */
export const defineStreamSource = <Config>(definition: StreamSourceDefinition<Config>): StreamSourceDefinition =>
  definition as StreamSourceDefinition

/** A stream as a source of datasets: what is landed of it. */
export const asSource = ({ kind, title, config }: StreamSourceDefinition): SourceDefinition => ({
  kind,
  title,
  config,
  open: (_config, environment) => environment.landed(),
})

const count = (otherwise: number) => z.number().int().min(1).default(otherwise)
const bytes = (otherwise: number) =>
  z
    .number()
    .int()
    .min(1024)
    .max(2 ** 34)
    .default(otherwise)

/** What every stream can say, with the same meaning; `payload`: the schema of the forms of messages. */
export const streamSettings = <Payload extends z.ZodType>(payload: Payload) => ({
  payload,
  columns: z.record(z.string().min(1).max(200), z.enum(columnTypes)).default({}).meta({
    description: 'types of columns; those that are not named have the type that their first 20,000 values have',
  }),
  id: z.string().min(1).max(200).optional().meta({
    description: 'column that names a message: a message whose id is among the last `window` ones is landed once',
  }),
  window: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(1_000_000)
    .meta({ description: 'how many of the last landed ids are known' }),
  time: z
    .strictObject({
      column: z.string().min(1),
      unit: z.enum(['s', 'ms', 'us', 'ns', 'iso']).default('ms'),
      ahead: z
        .number()
        .min(0)
        .default(3600)
        .meta({ description: 'seconds that a clock of a device may be ahead; what is further ahead is a dead letter' }),
    })
    .optional()
    .meta({ description: 'the time that the device says; gives the column _clock_skew, in milliseconds' }),
  land: z
    .strictObject({
      rows: count(100_000).meta({ description: 'a micro-batch has at most about so many rows' }),
      bytes: bytes(64 * 2 ** 20).meta({ description: 'and so many bytes before they are packed' }),
      seconds: z.number().min(0.1).max(86_400).default(30).meta({ description: 'and waits no longer than this' }),
    })
    .prefault({}),
  versions: z
    .strictObject({
      seconds: z
        .number()
        .min(0)
        .max(86_400)
        .default(300)
        .meta({ description: 'least time between two versions of a dataset that are made because rows landed' }),
    })
    .prefault({})
    .meta({ description: 'datasets that read from the stream get versions as it lands' }),
  buffer: bytes(256 * 2 ** 20).meta({
    description:
      'bytes that are durable but in no micro-batch yet; when it is full, reading pauses and pushing is refused',
  }),
})

export interface StreamSettings {
  /** absent where rows are sent */
  payload?: { format: string; [setting: string]: unknown }
  columns: Record<string, ColumnType>
  id?: string | undefined
  window: number
  time?: { column: string; unit: 's' | 'ms' | 'us' | 'ns' | 'iso'; ahead: number } | undefined
  land: { rows: number; bytes: number; seconds: number }
  versions: { seconds: number }
  buffer: number
}

/** Trust and identity for TLS; `true` takes the machine's trusted authorities. */
export const tlsSettings = z
  .union([
    z.literal(true),
    z.strictObject({
      ca: z.string().optional().meta({ description: 'PEM of the authority that signed the certificate of the broker' }),
      certificate: z.string().optional().meta({ description: 'PEM of the certificate that Kedge shows' }),
      key: secretReference.optional().meta({ description: 'its private key, PEM' }),
      serverName: z.string().optional().meta({ description: 'name in the certificate, when it is not the host' }),
    }),
  ])
  .meta({ id: 'StreamTls' })
export type TlsSettings = z.infer<typeof tlsSettings>

/** TLS options of Node for the settings; `undefined` without TLS. Errors: `not_found` for a secret. */
export async function tlsOptions(
  tls: TlsSettings | undefined,
  host: string,
  secret: StreamEnvironment['secret'],
): Promise<{ servername: string; ca?: string; cert?: string; key?: string } | undefined> {
  if (tls === undefined) return undefined
  if (tls === true) return { servername: host }
  return {
    servername: tls.serverName ?? host,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: await secret(tls.key) }),
  }
}

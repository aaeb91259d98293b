import { createHash } from 'node:crypto'
import type { StreamSettings, StreamSourceDefinition } from '../../contracts/stream-source.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import { fromJson, toJson } from '../../storage/sql/json-column.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import { addChunk } from './landing.ts'
import { pushedRows } from './pushed-rows.ts'
import { createMessageReader } from './read-messages.ts'
import { createRowWriter } from './row-writer.ts'
import { withDeclared } from './stream-row.ts'

export interface Pushed {
  /** rows that are durable now */
  landed: number
  /** rows that are dead letters now */
  rejected: number
  /** the first of these, by their place in what was sent, from 0 */
  errors: { row: number; what: string }[]
  /** sequence of the first landed row; null when there is none */
  first: number | null
  /** the same was pushed before under this key: nothing was landed now */
  repeated: boolean
}

export interface PushInput {
  project: string
  name: string
  /** names this push: the same again changes nothing */
  key: string | undefined
  body: Uint8Array
  form: 'lines' | 'json'
}

const mostRows = 100_000
const shownErrors = 100

/**
 * Lands what a caller sends, on whichever process it arrives: durable when it resolves. Errors: `overloaded` when the
 * landing buffer is full, `conflict` while it is paused, or when the key was used for something else, `too_large`.
 */
export async function pushRows(
  { store, clock }: Pick<Environment, 'store' | 'clock'>,
  definition: StreamSourceDefinition,
  config: SourceSpec,
  { project, name, key, body, form }: PushInput,
): Promise<Pushed> {
  const settings = config as unknown as StreamSettings
  const digest = createHash('sha256').update(body).digest('hex')
  const sent = pushedRows(body, form)
  if (sent.length > mostRows) throw new KedgeError('too_large', { what: 'A push', limit: `${mostRows} rows` })
  const receivedAt = clock()

  function encode(known: readonly string[]) {
    const columns = withDeclared(known, definition, config)
    const writer = createRowWriter(columns)
    const errors: Pushed['errors'] = []
    let at = 0
    const reader = createMessageReader({
      settings,
      writer,
      decoder: {
        decode() {
          const { row, fault } = sent[at]!
          if (!row) throw new Error(fault)
          return [row]
        },
      },
      rejected: (_message, what) => void (errors.length < shownErrors && errors.push({ row: at, what })),
    })
    for (; at < sent.length; at++) {
      const { payload, row } = sent[at]!
      const bytes =
        payload.length > 0 || !row
          ? payload
          : Buffer.from(JSON.stringify(row, (_k, value) => (typeof value === 'bigint' ? String(value) : value)))
      reader.read({ payload: bytes, topic: '', place: `row ${at}`, columns: {} }, receivedAt)
    }
    return { known, errors, ...reader.take(), columns: [...writer.columns] }
  }

  const found = await store.read
    .selectFrom('streams')
    .select('columns')
    .where('project', '=', project)
    .where('name', '=', name)
    .executeTakeFirst()
  let encoded = encode(found ? fromJson<string[]>(found.columns) : [])

  return store.write(async ({ db, now, lock }) => {
    await lock(`stream/${project}/${name}`)
    const row = await db
      .selectFrom('streams')
      .select(['state', 'columns', 'landed', 'dead', 'buffered_bytes'])
      .where('project', '=', project)
      .where('name', '=', name)
      .executeTakeFirst()
    if (!row || row.state === 'removed') throw new KedgeError('not_found', { kind: 'Stream', name })
    if (key !== undefined) {
      const before = await db
        .selectFrom('stream_pushes')
        .select(['digest', 'answer'])
        .where('project', '=', project)
        .where('source', '=', name)
        .where('key', '=', key)
        .executeTakeFirst()
      if (before && before.digest !== digest)
        throw new KedgeError('conflict', { what: `The idempotency key ${key} was used for something else` })
      if (before) return { ...fromJson<Pushed>(before.answer), repeated: true }
    }
    if (row.state === 'paused')
      throw new KedgeError(
        'conflict',
        { what: `The stream ${name} is paused` },
        { todo: 'Resume it, then send it again.' },
      )
    // another process has found columns meanwhile
    if (row.columns !== toJson(encoded.known)) encoded = encode(fromJson<string[]>(row.columns))
    const { rows, dead, errors, columns } = encoded
    const bytes = (rows?.bytes ?? 0) + (dead?.bytes ?? 0)
    if (row.buffered_bytes + bytes > settings.buffer)
      throw new KedgeError('overloaded', { what: `The landing buffer of the stream ${name} is full` })
    const landed = Number(row.landed) + (rows?.rows ?? 0)
    const deadEnd = Number(row.dead) + (dead?.rows ?? 0)
    await db
      .updateTable('streams')
      .set({
        landed,
        dead: deadEnd,
        buffered_bytes: Number(row.buffered_bytes) + bytes,
        columns: toJson(columns),
        landed_at: now,
      })
      .where('project', '=', project)
      .where('name', '=', name)
      .execute()
    await addChunk(db, now, project, name, 'rows', rows, landed)
    await addChunk(db, now, project, name, 'dead', dead, deadEnd)
    const answer: Pushed = {
      landed: rows?.rows ?? 0,
      rejected: dead?.rows ?? 0,
      errors,
      first: rows ? Number(row.landed) : null,
      repeated: false,
    }
    if (key !== undefined)
      await db
        .insertInto('stream_pushes')
        .values({ project, source: name, key, digest, answer: toJson(answer), created_at: now })
        .execute()
    return answer
  })
}

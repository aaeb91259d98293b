import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Selectable } from 'kysely'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import type { UploadTables } from '../storage/sql/tables/uploads.ts'
import { artifactPath } from './artifact-path.ts'
import type { Artifacts } from './artifacts.ts'

/** An upload to which no part has come for this long is taken away. */
const abandoned = 24 * 3_600_000
const mostParts = 10_000
const saltBytes = 32
const expireJob = 'tracking.expire-upload'

export interface UploadPart {
  part: number
  /** SHA-256 of its bytes, hex */
  etag: string
  bytes: number
}

type Upload = Selectable<UploadTables['artifact_uploads']>
type StoredPart = Selectable<UploadTables['artifact_upload_parts']>

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/**
 * Uploads of artifacts in parts: any order, side by side, each again where it failed. Parts are blobs of their own behind a
 * salt, so that nothing else can come to need them and they can go as soon as the whole is there.
 */
export function createUploads(
  { store, journal, jobs, blobs, clock }: Pick<Environment, 'store' | 'journal' | 'jobs' | 'blobs' | 'clock'>,
  artifacts: Artifacts,
) {
  async function find(project: string, id: string): Promise<Upload> {
    const upload = await store.read
      .selectFrom('artifact_uploads')
      .selectAll()
      .where('id', '=', id)
      .where('project', '=', project)
      .executeTakeFirst()
    if (!upload) throw new KedgeError('not_found', { kind: 'Multipart upload', name: id })
    return upload
  }
  const partsOf = (id: string): Promise<StoredPart[]> =>
    store.read.selectFrom('artifact_upload_parts').selectAll().where('upload', '=', id).orderBy('part').execute()

  async function letGo(parts: readonly Pick<StoredPart, 'digest'>[]) {
    for (const { digest } of parts) await blobs.delete(digest)
  }

  /** Takes an upload away with what has come of it; one that is complete leaves only its record. */
  async function remove(project: string, id: string, touchedBefore?: number) {
    const parts = await partsOf(id)
    const gone = await journal.change({ actor: 'system' }, async (change) => {
      let upload = change.db.deleteFrom('artifact_uploads').where('id', '=', id).where('project', '=', project)
      if (touchedBefore !== undefined) upload = upload.where('touched_at', '<=', touchedBefore)
      if ((await upload.executeTakeFirst()).numDeletedRows === 0n) return false
      await change.db.deleteFrom('artifact_upload_parts').where('upload', '=', id).execute()
      return true
    })
    if (gone) await letGo(parts)
  }

  async function checkKey(project: string, id: string, key: string) {
    const upload = await find(project, id)
    if (!timingSafeEqual(Buffer.from(sha256(key)), Buffer.from(upload.key_digest)))
      throw new KedgeError('unauthenticated', {}, { todo: 'Send the headers that came with the address of the part.' })
    return upload
  }

  /** Puts the parts together as one stream, each verified. */
  async function* joined(parts: readonly StoredPart[]): AsyncGenerator<Buffer> {
    for (const { digest } of parts) {
      let salt = saltBytes
      for await (const piece of await blobs.get(digest)) {
        const bytes = piece as Buffer
        if (salt < bytes.length) yield bytes.subarray(salt)
        salt = Math.max(0, salt - bytes.length)
      }
    }
  }

  jobs.handle<{ upload: string }>({
    kind: expireJob,
    async run(job) {
      const { upload: id } = job.payload
      await remove(job.project, id, clock() - abandoned)
      const left = await find(job.project, id).catch(() => undefined)
      if (left)
        return {
          commit: async (change) => {
            await jobs.enqueue(change, { ...expiry(job.project, id), runAt: left.touched_at + abandoned })
          },
        }
      return {}
    },
  })
  const expiry = (project: string, id: string) => ({ kind: expireJob, project, payload: { upload: id } })

  return {
    /** Begins one. `key` lets its parts be sent; it is told once. Errors: `invalid_input`. */
    async begin(
      context: ChangeContext,
      project: string,
      path: string,
      parts: number,
    ): Promise<{ id: string; key: string; parts: number }> {
      const clean = artifactPath(path)
      if (clean === '') throw new KedgeError('invalid_input', { what: 'The path of the artifact is empty' })
      if (!Number.isInteger(parts) || parts < 1 || parts > mostParts)
        throw new KedgeError('invalid_input', {
          what: `Invalid value ${parts} for parameter 'num_parts' supplied: it must be a whole number from 1 to ${mostParts}`,
        })
      const id = randomBytes(16).toString('hex')
      const key = randomBytes(32).toString('base64url')
      await journal.change(context, async (change) => {
        await change.db
          .insertInto('artifact_uploads')
          .values({
            id,
            project,
            path: clean,
            key_digest: sha256(key),
            parts,
            digest: null,
            created_at: change.now,
            touched_at: change.now,
          })
          .execute()
        await jobs.enqueue(change, { ...expiry(project, id), runAt: change.now + abandoned })
      })
      return { id, key, parts }
    },

    /** Takes a part, in place of what came before under its number. Errors: `not_found`, `unauthenticated`, `invalid_input`, `conflict`. */
    async takePart(project: string, id: string, key: string, part: number, content: Readable): Promise<UploadPart> {
      const upload = await checkKey(project, id, key)
      if (!Number.isInteger(part) || part < 1 || part > upload.parts)
        throw new KedgeError('invalid_input', { what: `The upload has parts 1 to ${upload.parts}, not ${part}` })
      const hash = createHash('sha256')
      let bytes = 0
      async function* salted() {
        yield randomBytes(saltBytes)
        for await (const piece of content) {
          hash.update(piece as Buffer)
          bytes += (piece as Buffer).length
          yield piece as Buffer
        }
      }
      const blob = await blobs.put(Readable.from(salted(), { objectMode: false }))
      const row = { upload: id, part, digest: blob.digest, etag: hash.digest('hex'), bytes }
      const before = await journal.change({ actor: 'system' }, async (change) => {
        const there = await change.db
          .updateTable('artifact_uploads')
          .set({ touched_at: change.now })
          .where('id', '=', id)
          .where('digest', 'is', null)
          .executeTakeFirst()
        if (there.numUpdatedRows === 0n) return undefined
        const replaced = await change.db
          .deleteFrom('artifact_upload_parts')
          .where('upload', '=', id)
          .where('part', '=', part)
          .returning('digest')
          .execute()
        await change.db.insertInto('artifact_upload_parts').values(row).execute()
        return replaced
      })
      if (before === undefined) {
        await letGo([blob])
        throw new KedgeError('conflict', { what: 'The upload was completed or aborted' })
      }
      await letGo(before)
      return { part, etag: row.etag, bytes }
    },

    /** What has come: a client that was cut off goes on from there. */
    async listParts(project: string, id: string, key: string): Promise<UploadPart[]> {
      await checkKey(project, id, key)
      return (await partsOf(id)).map(({ part, etag, bytes }) => ({ part, etag, bytes: Number(bytes) }))
    },

    /** Makes the parts one artifact; once more changes nothing. Errors: `not_found`, `invalid_input`, `conflict`. */
    async complete(
      context: ChangeContext,
      project: string,
      path: string,
      id: string,
      told: readonly { part: number; etag?: string | undefined }[],
    ): Promise<void> {
      const upload = await find(project, id)
      if (upload.path !== artifactPath(path))
        throw new KedgeError('invalid_input', { what: `The upload ${id} is not for this path` })
      if (upload.digest !== null) return
      const parts = await partsOf(id)
      checkParts(upload, parts, told)
      let blob: { digest: string; bytes: number }
      try {
        blob = await blobs.put(Readable.from(joined(parts), { objectMode: false }))
      } catch (error) {
        // another call completed it meanwhile, and the parts were let go
        if ((await find(project, id)).digest !== null) return
        throw error
      }
      await journal.change(context, async (change) => {
        const done = await change.db
          .updateTable('artifact_uploads')
          .set({ digest: blob.digest, touched_at: change.now })
          .where('id', '=', id)
          .where('digest', 'is', null)
          .executeTakeFirst()
        if (done.numUpdatedRows === 0n) return
        await change.db.deleteFrom('artifact_upload_parts').where('upload', '=', id).execute()
        await artifacts.nameIn(change, project, upload.path, blob)
      })
      await letGo(parts)
    },

    /** Takes it away with its parts; one that is not there is left so. */
    abort: (project: string, id: string): Promise<void> => remove(project, id),
  }
}

function checkParts(
  upload: Upload,
  parts: readonly StoredPart[],
  told: readonly { part: number; etag?: string | undefined }[],
) {
  const invalid = (what: string) => new KedgeError('invalid_input', { what })
  const there = new Map(parts.map((one) => [one.part, one]))
  for (let part = 1; part <= upload.parts; part++)
    if (!there.has(part)) throw invalid(`Part ${part} of ${upload.parts} has not come`)
  for (const { part, etag } of told) {
    const found = there.get(part)
    if (!found) throw invalid(`The upload has no part ${part}`)
    if (etag && etag.replace(/^(W\/)?"(.*)"$/, '$2') !== found.etag)
      throw invalid(`Part ${part} is not what was sent: its ETag is "${found.etag}", not ${etag.slice(0, 100)}`)
  }
}

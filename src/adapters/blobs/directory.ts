import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, opendir, rename, rm, stat, unlink, utimes } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { type BlobInfo, type BlobStore, defineBlobStore } from '../../contracts/blob-store.ts'
import { KedgeError } from '../../errors.ts'
import { blobKey, digestOf } from './blob-key.ts'
import { verified } from './verified.ts'
import { writeDigested } from './write-digested.ts'

/** An unfinished file older than this belonged to a process that died. */
const abandoned = 86_400_000

const codeOf = (error: unknown) => (error as { code?: string } | null)?.code

function directoryError(error: unknown, root: string): unknown {
  if (codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT')
    return new KedgeError('disk_full', { path: root }, { cause: error })
  return error
}

async function syncFolder(path: string) {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Blobs as files below `root`. A file appears under its digest by a rename after fsync, so what is there is whole;
 * several processes may share the folder.
 */
export async function openBlobDirectory(path: string): Promise<BlobStore> {
  const root = resolve(path)
  const unfinished = join(root, 'unfinished')
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  await removeAbandoned(unfinished)
  const condemned = join(root, 'condemned')
  await mkdir(condemned, { recursive: true, mode: 0o700 })
  const place = (digest: string) => join(root, blobKey(digest))

  /** Marks a file as put just now; says false when it has gone meanwhile. */
  async function renewed(target: string): Promise<boolean> {
    const now = new Date()
    try {
      await utimes(target, now, now)
      return true
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    }
  }

  async function info(digest: string): Promise<BlobInfo | undefined> {
    try {
      const found = await stat(place(digest))
      return { digest, bytes: found.size }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /** Takes a file away that nobody put since; one that was put while it was taken away comes back. */
  async function condemn(digest: string, putBefore: number): Promise<boolean> {
    const target = place(digest)
    const found = await stat(target).catch(() => undefined)
    if (!found || found.mtimeMs >= putBefore) return false
    const aside = join(condemned, `${digest}.${putBefore}`)
    try {
      await rename(target, aside)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    }
    return !(await decide(aside))
  }

  /** What was put aside is ended, or put back when it was renewed meanwhile. Says whether it is back. */
  async function decide(aside: string): Promise<boolean> {
    const [digest, putBefore] = basename(aside).split('.')
    const found = await stat(aside).catch(() => undefined)
    if (!found || !digest) return false
    if (found.mtimeMs < Number(putBefore)) {
      await rm(aside, { force: true })
      return false
    }
    await rename(aside, place(digest)).catch((error) => {
      // another process that shares the folder was faster
      if (codeOf(error) !== 'ENOENT') throw error
    })
    return true
  }

  // a process that died between the two steps left them here
  for await (const name of entries(condemned)) await decide(join(condemned, name))

  /** Moves a finished, synced file to its digest's place. */
  async function settle(file: string, { digest, bytes }: BlobInfo): Promise<BlobInfo> {
    const target = place(digest)
    if ((await info(digest))?.bytes === bytes && (await renewed(target))) {
      await unlink(file)
      return { digest, bytes }
    }
    const folder = dirname(target)
    if (await mkdir(folder, { recursive: true })) await syncFolder(dirname(folder))
    await rename(file, target)
    await syncFolder(folder)
    return { digest, bytes }
  }

  async function put(content: Readable | Uint8Array, expected?: string): Promise<BlobInfo> {
    const file = join(unfinished, randomUUID())
    try {
      const { digest, bytes } = await writeDigested(file, content, { flush: true })
      if (expected !== undefined && digest !== expected)
        throw new KedgeError('blob_mismatch', { found: digest, expected })
      return await settle(file, { digest, bytes })
    } catch (error) {
      await rm(file, { force: true })
      throw directoryError(error, root)
    }
  }

  return {
    put,
    async putFile(path, { move = false } = {}) {
      if (!move) return put(createReadStream(path))
      const hash = createHash('sha256')
      await pipeline(createReadStream(path), hash)
      const handle = await open(path, 'r')
      const { size } = await handle.stat()
      await handle.sync()
      await handle.close()
      try {
        return await settle(path, { digest: hash.digest('hex'), bytes: size })
      } catch (error) {
        if (codeOf(error) !== 'EXDEV') throw directoryError(error, root)
        const stored = await put(createReadStream(path))
        await rm(path, { force: true })
        return stored
      }
    },
    async get(digest, { start = 0, end } = {}) {
      const found = await info(digest)
      if (!found) throw new KedgeError('not_found', { kind: 'Blob', name: digest })
      if (start >= found.bytes || (end !== undefined && end < start)) return Readable.from([], { objectMode: false })
      const stream = createReadStream(place(digest), { start, ...(end === undefined ? {} : { end }) })
      return start === 0 && (end === undefined || end >= found.bytes - 1) ? verified(stream, digest) : stream
    },
    stat: info,
    async delete(digest, { putBefore } = {}) {
      if (putBefore !== undefined) return condemn(digest, putBefore)
      try {
        await unlink(place(digest))
        return true
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return false
        throw error
      }
    },
    async *list() {
      const top = join(root, 'sha256')
      for await (const folder of entries(top))
        for await (const file of entries(join(top, folder))) {
          const digest = digestOf(`sha256/${folder}/${file}`)
          const found = digest && (await stat(join(top, folder, file)).catch(() => undefined))
          if (digest && found) yield { digest, bytes: found.size, modifiedAt: found.mtimeMs }
        }
    },
    async localPath(digest) {
      if (!(await info(digest))) throw new KedgeError('not_found', { kind: 'Blob', name: digest })
      return place(digest)
    },
    async close() {},
  }
}

async function* entries(folder: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(folder)) yield entry.name
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

async function removeAbandoned(unfinished: string) {
  for await (const name of entries(unfinished)) {
    const file = join(unfinished, name)
    const found = await stat(file).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > abandoned) await rm(file, { force: true })
  }
}

export default defineBlobStore({
  kind: 'directory',
  title: 'A folder of this machine',
  config: z.strictObject({
    kind: z.literal('directory'),
    path: z.string().refine(isAbsolute, 'is an absolute path').meta({ description: 'absolute path' }),
  }),
  open: ({ path }) => openBlobDirectory(path),
})

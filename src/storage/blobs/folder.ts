import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { z } from 'zod'
import type { BlobInfo, BlobStore } from '../../contracts/blob-store.ts'
import { KedgeError } from '../../errors.ts'

const manifest = z.strictObject({
  files: z.record(
    z.string(),
    z.strictObject({ digest: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().min(0) }),
  ),
})
export type FolderFiles = z.infer<typeof manifest>['files']

export interface StoredFolder extends BlobInfo {
  files: FolderFiles
}

const mostFiles = 100_000
const largestManifest = 64 * 2 ** 20

/** A relative path with `/` that stays in its folder on every system. */
export function isSafePath(path: string): boolean {
  if (path.length === 0 || path.length > 1000 || /[\\\p{Cc}:]/u.test(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255)
}

/**
 * Stores all files below `directory`; the folder's digest is that of its manifest `{files: {path: {digest, bytes}}}`,
 * equal for equal contents. Errors: `path_unsafe` for links, devices and odd names; `too_large`.
 */
export async function putFolder(blobs: BlobStore, directory: string): Promise<StoredFolder> {
  const files: FolderFiles = {}
  const paths = await plainFiles(directory)
  for (const path of paths) {
    const { digest, bytes } = await putPlainFile(blobs, join(directory, path), path)
    files[path] = { digest, bytes }
  }
  const stored = await blobs.put(Buffer.from(JSON.stringify({ files })))
  return { ...stored, files }
}

async function plainFiles(directory: string): Promise<string[]> {
  const paths: string[] = []
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
      .slice(resolve(directory).length + 1)
      .split(sep)
      .join('/')
    if (entry.isDirectory()) continue
    if (!entry.isFile() || !isSafePath(path)) throw new KedgeError('path_unsafe', { path })
    paths.push(path)
    if (paths.length > mostFiles) throw new KedgeError('too_large', { what: 'The folder', limit: `${mostFiles} files` })
  }
  return paths.sort()
}

/** Opens without following a link, so that a file swapped for one meanwhile is refused. */
async function putPlainFile(blobs: BlobStore, file: string, path: string) {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause) => {
    throw cause?.code === 'ELOOP' ? new KedgeError('path_unsafe', { path }, { cause }) : cause
  })
  try {
    if (!(await handle.stat()).isFile()) throw new KedgeError('path_unsafe', { path })
    return await blobs.put(handle.createReadStream({ autoClose: false }))
  } finally {
    await handle.close()
  }
}

/** The files of a stored folder. Errors: `not_found`, `invalid_input` when the blob is no folder, `path_unsafe`. */
export async function readFolder(blobs: BlobStore, digest: string): Promise<StoredFolder> {
  const stored = await blobs.stat(digest)
  if (!stored) throw new KedgeError('not_found', { kind: 'Folder', name: digest })
  if (stored.bytes > largestManifest) throw new KedgeError('invalid_input', { what: `The blob ${digest} is no folder` })
  let parsed: z.infer<typeof manifest>
  try {
    parsed = manifest.parse(JSON.parse((await buffer(await blobs.get(digest))).toString()))
  } catch (cause) {
    if (cause instanceof KedgeError) throw cause
    throw new KedgeError('invalid_input', { what: `The blob ${digest} is no folder` }, { cause })
  }
  for (const path of Object.keys(parsed.files)) if (!isSafePath(path)) throw new KedgeError('path_unsafe', { path })
  return { ...stored, files: parsed.files }
}

/** Writes a stored folder's files below `directory`, which is made; a file that is there already is an error. */
export async function getFolder(blobs: BlobStore, digest: string, directory: string): Promise<StoredFolder> {
  const folder = await readFolder(blobs, digest)
  const root = resolve(directory)
  await mkdir(root, { recursive: true })
  for (const [path, file] of Object.entries(folder.files)) {
    const target = join(root, path)
    await mkdir(dirname(target), { recursive: true })
    await refuseLinks(root, path)
    const handle = await open(target, 'wx')
    try {
      for await (const piece of await blobs.get(file.digest)) await handle.write(piece as Buffer)
    } finally {
      await handle.close()
    }
  }
  return folder
}

/** A link on the way to the file would lead out of the folder. */
async function refuseLinks(root: string, path: string) {
  let folder = root
  for (const part of path.split('/').slice(0, -1)) {
    folder = join(folder, part)
    if (!(await lstat(folder)).isDirectory()) throw new KedgeError('path_unsafe', { path })
  }
}

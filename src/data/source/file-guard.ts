import { createHash } from 'node:crypto'
import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve, sep } from 'node:path'
import type { LocalFile, LocalFiles } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { fileDigest } from './file-digest.ts'
import { listFiles, splitPattern } from './list-files.ts'
import { partitionsOf } from './partitions.ts'

export interface FileGuard {
  /** The file behind a path of a declaration. Errors: `path_guarded`, `not_found`, `invalid_input`. */
  open(path: string): Promise<LocalFile>
  /** The files behind a path that may be a pattern. Errors: as `open`, `too_large`. */
  openAll(path: string): Promise<LocalFiles>
  /** What is in a folder, folders first; the folder for relative paths when it is empty. Errors: as `open`. */
  list(path: string): Promise<Folder>
}

export interface Folder {
  path: string
  /** the folder above, where that may be looked at too */
  above: string | null
  items: { name: string; path: string; folder: boolean; bytes: number; changedAt: number }[]
  /** there are more than these */
  more: boolean
}

const mostShown = 1000

const mostKnownDigests = 200_000

/** Gives sources the files below `folders` (all when undefined); relative paths start at the first. Links are followed, then checked. */
export function createFileGuard(folders: readonly string[] | undefined): FileGuard {
  const digests = new Map<string, string>()

  async function digest(path: string): Promise<string> {
    const found = await stat(path)
    const key = `${path} ${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`
    const known = digests.get(key)
    if (known) return known
    const value = await fileDigest(path, found.size)
    // a file that was written a moment ago may be written again within the same clock tick
    if (Date.now() - found.mtimeMs > 2000) digests.set(key, value)
    if (digests.size > mostKnownDigests) digests.delete(digests.keys().next().value!)
    return value
  }

  /** The real path of something inside the folders for sources. */
  async function inside(given: string): Promise<string> {
    const wanted = isAbsolute(given) ? given : resolve(folders?.[0] ?? '.', given)
    const path = await realpath(wanted).catch((cause) => {
      if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
        throw new KedgeError(
          'not_found',
          { kind: 'The file', name: given },
          { cause, todo: 'Check the path; it is read on the machine where the server runs.' },
        )
      throw new KedgeError('path_guarded', { path: given }, { cause })
    })
    if (folders) {
      const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => resolve(folder))))
      if (!roots.some((root) => path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)))
        throw new KedgeError('path_guarded', { path: given })
    }
    return path
  }

  const guard: FileGuard = {
    async open(given) {
      const path = await inside(given)
      const found = await stat(path)
      if (!found.isFile()) throw new KedgeError('invalid_input', { what: `${given} is no plain file` })
      // the engine would take these for a pattern over many files
      if (/[*?{}[\]]/.test(path))
        throw new KedgeError('invalid_input', {
          what: `The path ${given} has one of * ? { } [ ], and is the name of a file`,
        })
      return { path, digest: () => digest(path) }
    },

    async openAll(given) {
      const pattern = splitPattern(given)
      if (pattern === undefined) return guard.open(given)
      const folder = await inside(pattern.folder)
      if (/[*?{}[\]]/.test(folder))
        throw new KedgeError('invalid_input', { what: `The folder ${pattern.folder} has one of * ? { } [ ]` })
      const list = () => listFiles(folder, pattern.rest, given)
      const found = await list()
      return {
        path: join(folder, pattern.rest),
        pattern: {
          folder,
          digestOf: digest,
          files: found.map((name) => join(folder, name)),
          // files that are no rows need not fit each other
          get partitions() {
            return partitionsOf(found, given)
          },
        },
        async digest() {
          const hash = createHash('sha256')
          const now = await list()
          for (let i = 0; i < now.length; i += 64) {
            const some = now.slice(i, i + 64)
            const digests = await Promise.all(some.map((name) => digest(join(folder, name))))
            for (const [j, name] of some.entries()) hash.update(`${name}\0${digests[j]}\n`)
          }
          return hash.digest('hex')
        },
      }
    },

    async list(given) {
      const path = await inside(given || '.')
      const entries = await readdir(path, { withFileTypes: true }).catch((cause) => {
        if (cause.code === 'ENOTDIR')
          throw new KedgeError('invalid_input', { what: `${given} is no folder` }, { cause })
        throw new KedgeError('path_guarded', { path: given }, { cause })
      })
      // a link may lead out of the folders
      const shown = entries
        .filter((entry) => (entry.isFile() || entry.isDirectory()) && !entry.name.startsWith('.'))
        .sort((a, b) => Number(b.isDirectory()) - Number(a.isDirectory()) || (a.name < b.name ? -1 : 1))
      const items = await Promise.all(
        shown.slice(0, mostShown).map(async (entry) => {
          const whole = join(path, entry.name)
          const found = await stat(whole).catch(() => undefined)
          const folder = entry.isDirectory()
          return {
            name: entry.name,
            path: whole,
            folder,
            bytes: folder ? 0 : (found?.size ?? 0),
            changedAt: found?.mtimeMs ?? 0,
          }
        }),
      )
      const above = dirname(path)
      const mayRise =
        above !== path &&
        (await inside(above).then(
          () => true,
          () => false,
        ))
      return { path, above: mayRise ? above : null, items, more: shown.length > mostShown }
    },
  }
  return guard
}

import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, resolve, sep } from 'node:path'
import type { LocalFile } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { fileDigest } from './file-digest.ts'

export interface FileGuard {
  /** The file behind a path of a declaration. Errors: `path_guarded`, `not_found`, `invalid_input`. */
  open(path: string): Promise<LocalFile>
}

/** Gives sources the files below `folders` (all when undefined); relative paths start at the first. Links are followed, then checked. */
export function createFileGuard(folders: readonly string[] | undefined): FileGuard {
  const digests = new Map<string, string>()

  async function digest(path: string): Promise<string> {
    const found = await stat(path)
    const key = `${path} ${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`
    const known = digests.get(key)
    if (known) return known
    const value = await fileDigest(path)
    // a file that was written a moment ago may be written again within the same clock tick
    if (Date.now() - found.mtimeMs > 2000) digests.set(key, value)
    if (digests.size > 1000) digests.delete(digests.keys().next().value!)
    return value
  }

  return {
    async open(given) {
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
      const found = await stat(path)
      if (!found.isFile()) throw new KedgeError('invalid_input', { what: `${given} is no plain file` })
      // the engine would take these for a pattern over many files
      if (/[*?{}[\]]/.test(path))
        throw new KedgeError('invalid_input', {
          what: `The path ${given} has one of * ? { } [ ], which is not offered`,
        })
      return { path, digest: () => digest(path) }
    },
  }
}

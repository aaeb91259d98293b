import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { KedgeError } from '../errors.ts'

/**
 * A folder with those above it, made one after the other: where a file system makes none (as /proc), Node's own recursive
 * mkdir never comes back. Errors: `folder_unusable` with the part of the path that is in the way.
 */
export function makeDirectory(path: string, mode?: number): void {
  const missing: string[] = []
  let at = resolve(path)
  while (!isDirectory(at)) {
    missing.unshift(at)
    at = dirname(at)
  }
  try {
    accessSync(at, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new KedgeError('folder_unusable', { path, why: `no right to write in ${at}` }, { cause })
  }
  for (const folder of missing)
    try {
      mkdirSync(folder, mode === undefined ? {} : { mode })
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'EEXIST' && isDirectory(folder)) continue
      if (code === 'ENOSPC') throw cause
      throw new KedgeError(
        'folder_unusable',
        { path, why: code === 'ENOENT' ? `no folder can be made in ${dirname(folder)}` : `${folder}: ${code}` },
        { cause },
      )
    }

  function isDirectory(candidate: string): boolean {
    try {
      if (statSync(candidate).isDirectory()) return true
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'ENOENT') return false
      throw new KedgeError('folder_unusable', { path, why: `${candidate}: ${code}` }, { cause })
    }
    throw new KedgeError('folder_unusable', { path, why: `${candidate} is a file` })
  }
}

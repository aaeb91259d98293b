import { createReadStream, existsSync } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KedgeError } from '../../errors.ts'
import type { SourceFile } from './mlflow-source.ts'

/**
 * Files of artifacts on this machine. An address comes from what is imported, which need not be one's own: only what lies
 * below one of `folders` is read, and links are not followed.
 */
export function createLocalFiles(folders: readonly string[]) {
  const roots = folders.map((folder) => resolve(folder))

  /** The folder of an address; one that was moved together with what names it is found by the end of its path. */
  async function place(address: string): Promise<string> {
    const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(address)?.[1]?.toLowerCase()
    const rest = address.replace(/^mlflow-artifacts:\/*(?:\/[^/]*(?=\/))?/, '')
    const candidates: string[] = []
    if (scheme === undefined) candidates.push(...roots.map((root) => resolve(root, address)))
    else if (scheme === 'file')
      candidates.push(address.startsWith('file:///') ? fileURLToPath(address) : address.slice(5))
    else if (scheme === 'mlflow-artifacts')
      candidates.push(...roots.flatMap((root) => [join(root, 'mlartifacts', rest), join(root, rest)]))
    else
      throw new KedgeError(
        'unsupported',
        { what: `Reading ${scheme}: addresses from here` },
        {
          todo: 'Copy the files to a folder and name it with --artifacts, or import from the server that reaches them.',
        },
      )
    const end = /(?:^|\/)mlruns\/(.+)$/.exec(candidates[0] ?? '')?.[1]
    if (end) candidates.push(...roots.flatMap((root) => [join(root, end), join(root, 'mlruns', end)]))
    const tails = (candidates[0] ?? '').split('/')
    // …/EXPERIMENT/RUN/artifacts
    candidates.push(...roots.map((root) => join(root, ...tails.slice(-3))))
    const found = candidates.find((path) => existsSync(path))
    if (!found) return candidates[0] ?? address
    const real = await realpath(found)
    const inside = await Promise.all(
      roots.map(async (root) => {
        const way = relative(await realpath(root).catch(() => root), real)
        return way !== '..' && !way.startsWith(`..${sep}`) && !/^([a-z]:|\/)/i.test(way)
      }),
    )
    if (!inside.includes(true))
      throw new KedgeError(
        'unsupported',
        { what: `${found} lies outside of what is imported: reading it` },
        { todo: 'If it is yours, name its folder with --artifacts.' },
      )
    return found
  }

  return async function* files(address: string): AsyncGenerator<SourceFile> {
    const folder = await place(address)
    if (!existsSync(folder)) return
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      yield {
        path: relative(folder, path).split(sep).join('/'),
        bytes: (await lstat(path)).size,
        open: async () => createReadStream(path),
      }
    }
  }
}

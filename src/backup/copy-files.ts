import { constants } from 'node:fs'
import { copyFile, link, mkdir, readdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

const absent = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error
}

/**
 * Copies the files below a folder that `wanted` names; one that goes away meanwhile is left out. `link`: files that are
 * never changed are linked where both folders are on one disk.
 */
export async function copyFiles(
  from: string,
  to: string,
  options: { wanted?(name: string): boolean; link?: boolean } = {},
): Promise<number> {
  const entries = await readdir(from, { withFileTypes: true, recursive: true }).catch((error) => {
    absent(error)
    return []
  })
  let count = 0
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const name = relative(from, path)
    if (options.wanted && !options.wanted(name)) continue
    const target = join(to, name)
    await mkdir(dirname(target), { recursive: true })
    try {
      if (options.link) await link(path, target).catch(() => copyFile(path, target, constants.COPYFILE_FICLONE))
      else await copyFile(path, target, constants.COPYFILE_FICLONE)
      count++
    } catch (error) {
      absent(error as NodeJS.ErrnoException)
    }
  }
  return count
}

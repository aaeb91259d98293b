import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../environment.ts'
import { getFolder } from '../storage/blobs/folder.ts'

/** Model folders on the local disk by digest: written aside and renamed, so that one that is there is whole. */
export function createModelFolders({ blobs, dataDirectory }: Pick<Environment, 'blobs' | 'dataDirectory'>) {
  const root = join(dataDirectory, 'cache', 'models')
  return async (digest: string): Promise<string> => {
    const folder = join(root, digest)
    if (await stat(folder).catch(() => undefined)) return folder
    await mkdir(root, { recursive: true })
    const aside = join(root, `.${digest.slice(0, 16)}-${randomBytes(6).toString('hex')}`)
    try {
      await getFolder(blobs, digest, aside)
      await rename(aside, folder)
    } catch (error) {
      await rm(aside, { recursive: true, force: true })
      // another process was faster: its folder has the same content
      if (!(await stat(folder).catch(() => undefined))) throw error
    }
    return folder
  }
}

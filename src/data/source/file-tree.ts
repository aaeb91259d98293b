import { randomUUID } from 'node:crypto'
import { link, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KedgeError } from '../../errors.ts'

export interface TreeFile {
  /** with / between names */
  name: string
  /** absolute path of the bytes */
  from: string
}

/** A name of a file that leaves its folder, or that no folder can hold. */
export const isHostileName = (name: string): boolean =>
  name.length === 0 ||
  name.length > 1000 ||
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names with control characters are what is looked for
  /[\x00-\x1f\\]/.test(name) ||
  name.split('/').some((part) => part === '' || part === '.' || part === '..' || Buffer.byteLength(part) > 255)

/** Refuses names by which a foreign place would write elsewhere. Errors: `source_unreadable`. */
export function checkName(name: string, where: string): void {
  if (isHostileName(name))
    throw new KedgeError('source_unreadable', {
      source: '',
      what: `${where} has a file of the name ${JSON.stringify(name.slice(0, 200))}, which is none for a folder`,
    })
}

/** Makes a folder of links to files; it is there whole or not at all. */
export async function linkTree(folder: string, files: readonly TreeFile[]): Promise<void> {
  const made = `${folder}.${randomUUID()}.new`
  try {
    const folders = new Set(files.map(({ name }) => dirname(join(made, name))))
    await mkdir(made, { recursive: true })
    for (const one of folders) await mkdir(one, { recursive: true })
    for (let i = 0; i < files.length; i += 64)
      await Promise.all(files.slice(i, i + 64).map(({ name, from }) => link(from, join(made, name))))
    await rename(made, folder).catch(async (error) => {
      // the same was made at the same time
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}

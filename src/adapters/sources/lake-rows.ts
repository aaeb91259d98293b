import { createHash } from 'node:crypto'
import { symlink } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import type { Column } from '../../contracts/column.ts'
import type { FileLocation, LocalFiles, SourceEnvironment, SourceTable } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { columnarRows } from './columnar-file.ts'
import { linkFiles } from './link-files.ts'

export interface LakeFile {
  /** below the folder of the table, with / between names */
  name: string
  /** values of columns that the file does not have */
  partition: Record<string, string | null>
}

/** The same address or path with more at its end. */
export const within = ({ path, url, access, member }: FileLocation, rest: string): FileLocation => ({
  ...(url !== undefined
    ? { url: `${url.replace(/\/$/, '')}/${rest}`, access }
    : { path: `${path!.replace(/\/$/, '')}/${rest}` }),
  ...(member === undefined ? {} : { member }),
})

/** The rows of the files that a table has at one of its versions. Files of a table never change. */
export async function lakeRows(
  location: FileLocation,
  files: readonly LakeFile[],
  partitions: Column[],
  environment: SourceEnvironment,
): Promise<SourceTable> {
  if (files.length === 0)
    throw new KedgeError('conflict', { what: 'The table has no rows yet' }, { todo: 'Try again when it has some.' })
  const there = await environment.sideFiles(within(location, '**/*.parquet'))
  const paths = new Map(there.pattern!.files.map((path) => [relative(there.pattern!.folder, path), path]))
  const named = files.map(({ name, partition }) => {
    const from = paths.get(name)
    if (from === undefined)
      throw new KedgeError('source_unreadable', {
        source: '',
        what: `the table names the file ${name}, which is not there`,
      })
    const folders = partitions.map(({ name: column }) => {
      const value = partition[column]
      return `${column}=${value === null || value === undefined ? '__HIVE_DEFAULT_PARTITION__' : encodeURIComponent(value)}`
    })
    const key = createHash('sha256').update(name).digest('hex').slice(0, 12)
    return { from, name: [...folders, `${key}-${basename(name)}`].join('/') }
  })
  // the files of a path stay where they are, maybe on another disk
  const root = await environment.derived(['lake', 1, named], (made) => linkFiles(made, named, symlink))
  const digest = createHash('sha256')
    .update(JSON.stringify(named.map((one) => one.name).sort()))
    .digest('hex')
  const all: LocalFiles = {
    path: join(root, '**'),
    digest: async () => digest,
    pattern: {
      folder: root,
      files: named.map((one) => join(root, one.name)).sort(),
      digestOf: async (path) => createHash('sha256').update(relative(root, path)).digest('hex'),
      partitions,
    },
  }
  return columnarRows(await environment.toRead(all), 'Parquet', environment)
}

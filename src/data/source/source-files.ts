import { createHash } from 'node:crypto'
import { join, relative } from 'node:path'
import type { FileLocation, LocalFile, LocalFiles } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { documentDigest } from '../document-digest.ts'
import type { DerivedFiles } from './derived-files.ts'
import type { FileGuard } from './file-guard.ts'
import { checkPattern, listFiles, matcher, splitPattern } from './list-files.ts'
import { partitionsOf } from './partitions.ts'
import type { PlaceFiles } from './place-files.ts'
import { unpackMembers } from './zip-members.ts'

export interface SourceFiles {
  /** The file that a declaration names, on this machine. Errors: those of `SourceEnvironment.localFile`. */
  one(project: string, location: FileLocation, signal?: AbortSignal): Promise<LocalFile>
  /** The same for what may be a pattern. */
  all(project: string, location: FileLocation, signal?: AbortSignal): Promise<LocalFiles>
  /** Files made of others. */
  derived: DerivedFiles
}

/** Finds files wherever they are: on the server, at a place, in ZIP files of both. */
export function createSourceFiles({
  guard,
  places,
  derived,
}: {
  guard: FileGuard
  places: PlaceFiles
  derived: DerivedFiles
}): SourceFiles {
  const plain = (project: string, { path, url, access }: FileLocation, many: boolean, signal?: AbortSignal) => {
    if (url !== undefined) return places.fetch(project, { url, access }, many, signal)
    return many ? guard.openAll(path!) : guard.open(path!)
  }

  /** One member as a file, many as a folder; those of several ZIP files below the names of these. */
  async function members(files: LocalFiles, member: string, many: boolean, signal?: AbortSignal): Promise<LocalFiles> {
    const pattern = many ? splitPattern(member) : undefined
    if (pattern) checkPattern(pattern.rest, member)
    if (files.pattern && !pattern)
      throw new KedgeError('invalid_input', {
        what: `member: ${member} is one file, and there are several ZIP files; write a pattern, such as *`,
      })
    const wanted = pattern ? matcher(member) : { test: (name: string) => name === member }
    const digest = await files.digest()
    const folder = await derived.folder(documentDigest(['zip', 1, digest, member]), async (made) => {
      const root = files.pattern?.folder ?? ''
      let found = 0
      for (const path of files.pattern?.files ?? [files.path]) {
        const to = files.pattern ? join(made, path.slice(root.length)) : made
        found += await unpackMembers(path, to, (name) => wanted.test(name), signal)
      }
      if (found === 0)
        throw new KedgeError(
          'not_found',
          { kind: 'A member of the ZIP file', name: member },
          { todo: 'Check the names in the ZIP file.' },
        )
    })
    const own = async () => createHash('sha256').update(`${digest} ${member}`).digest('hex')
    if (!pattern) {
      if (/[*?{}[\]]/.test(member))
        throw new KedgeError('invalid_input', { what: `member: ${member} has one of * ? { } [ ]` })
      return { path: join(folder, member), digest: own }
    }
    const rest = files.pattern ? '**' : member
    const names = await listFiles(folder, rest, member)
    return {
      path: join(folder, rest),
      pattern: {
        folder,
        files: names.map((name) => join(folder, name)),
        // members do not change while the files they are of do not
        digestOf: async (file) =>
          createHash('sha256')
            .update(`${digest} ${relative(folder, file)}`)
            .digest('hex'),
        partitions: partitionsOf(names, member),
      },
      digest: own,
    }
  }

  return {
    derived,
    async one(project, location, signal) {
      const files = await plain(project, location, false, signal)
      return location.member === undefined ? files : members(files, location.member, false, signal)
    },
    async all(project, location, signal) {
      const files = await plain(project, location, true, signal)
      return location.member === undefined ? files : members(files, location.member, true, signal)
    },
  }
}

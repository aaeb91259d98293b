import { execFile } from 'node:child_process'
import { posix } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { z } from 'zod'
import { KedgeError } from '../../errors.ts'

/** Content that DVC tracked at a path, as it was first seen in the history. */
export interface TrackedContent {
  /** in the repository */
  path: string
  /** of the bytes; of a folder's listing it ends in .dir */
  md5: string
  /** DVC 3: of the bytes as they are; before, of texts with line ends of one kind */
  ofBytes: boolean
  /** commits that have it at this path, oldest first */
  commits: string[]
  /** git's tags on these */
  tags: string[]
  /** of the first */
  subject: string
}

const out = z.looseObject({
  path: z.string(),
  md5: z.string().optional(),
  hash: z.string().optional(),
  checksum: z.string().optional(),
})
const dvcFile = z.looseObject({ wdir: z.string().optional(), outs: z.array(out).default([]) })
const lockFile = z.looseObject({
  stages: z.record(z.string(), z.looseObject({ outs: z.array(out).default([]) })).default({}),
})

const run = promisify(execFile)
const mostOutput = 512 * 2 ** 20

/** Every content that DVC's files name in all commits of a repository. Errors: `invalid_input` when it is none. */
export async function dvcHistory(repository: string): Promise<TrackedContent[]> {
  const git = async (...parameters: string[]) => {
    try {
      return (await run('git', ['-C', repository, ...parameters], { maxBuffer: mostOutput })).stdout
    } catch (cause) {
      throw new KedgeError(
        'invalid_input',
        {
          what: `${repository} cannot be read by git: ${String((cause as { stderr?: string }).stderr ?? cause)
            .trim()
            .slice(0, 300)}`,
        },
        { cause, todo: 'Name the folder of a git repository that uses DVC.' },
      )
    }
  }
  const commits = (await git('log', '--all', '--date-order', '--reverse', '--format=%H%x09%s'))
    .split('\n')
    .filter(Boolean)
    .map((line) => ({ id: line.slice(0, 40), subject: line.slice(41) }))
  const tagsOf = new Map<string, string[]>()
  for (const line of (
    await git('for-each-ref', 'refs/tags', '--format=%(refname:short)%09%(objectname)%09%(*objectname)')
  )
    .split('\n')
    .filter(Boolean)) {
    const [tag, object, peeled] = line.split('\t') as [string, string, string]
    tagsOf.set(peeled || object, [...(tagsOf.get(peeled || object) ?? []), tag])
  }

  /** by the object of the file, which many commits share */
  const read = new Map<string, Omit<TrackedContent, 'commits' | 'tags' | 'subject'>[]>()
  const contents = new Map<string, TrackedContent>()
  for (const { id, subject } of commits) {
    const files = (await git('ls-tree', '-r', '-z', id)).split('\0').filter(Boolean)
    for (const file of files) {
      const [facts, path] = file.split('\t') as [string, string]
      const isLock = posix.basename(path) === 'dvc.lock'
      if (!isLock && !path.endsWith('.dvc')) continue
      const [, kind, object] = facts.split(' ') as [string, string, string]
      if (kind !== 'blob') continue
      const key = `${object}\t${path}`
      let outs = read.get(key)
      if (!outs) {
        outs = outsOf(path, isLock, await git('cat-file', 'blob', object))
        read.set(key, outs)
      }
      for (const one of outs) {
        const name = `${one.path}\t${one.md5}`
        const known = contents.get(name) ?? { ...one, commits: [], tags: [], subject }
        known.commits.push(id)
        known.tags.push(...(tagsOf.get(id) ?? []))
        contents.set(name, known)
      }
    }
  }
  return [...contents.values()]
}

/** What a .dvc file or a dvc.lock names; nothing of one that is broken. */
function outsOf(file: string, isLock: boolean, text: string) {
  let document: unknown
  try {
    document = parse(text)
  } catch {
    return []
  }
  const lock = isLock ? lockFile.safeParse(document) : undefined
  const single = isLock ? undefined : dvcFile.safeParse(document)
  const outs = lock?.success
    ? Object.values(lock.data.stages).flatMap((stage) => stage.outs)
    : single?.success
      ? single.data.outs
      : []
  const folder = posix.join(posix.dirname(file), single?.data?.wdir ?? '.')
  return outs.flatMap(({ path, md5, hash }) =>
    md5 !== undefined && /^[0-9a-f]{32}(\.dir)?$/.test(md5)
      ? [{ path: posix.normalize(posix.join(folder, path)), md5, ofBytes: hash === 'md5' }]
      : [],
  )
}

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { KedgeError } from '../../errors.ts'

export const mostFiles = 200_000
const sign = /[*?{[]/

/** A path as the folder before its first part with a sign of a pattern, and that part and the rest; undefined without one. */
export function splitPattern(path: string): { folder: string; rest: string } | undefined {
  const parts = path.split('/')
  const first = parts.findIndex((part) => sign.test(part))
  if (first === -1) return undefined
  return {
    folder: parts.slice(0, first).join('/') || (path.startsWith('/') ? '/' : '.'),
    rest: parts.slice(first).join('/'),
  }
}

/** What the events engine takes a pattern for: * and ? stay within a name, ** does not, {a,b} is one of them. */
export function matcher(pattern: string): RegExp {
  let open = false
  const source = pattern.replace(/\*\*\/?|[\s\S]/g, (piece) => {
    if (piece === '**/') return '(?:.*/)?'
    if (piece === '**') return '.*'
    if (piece === '*') return '[^/]*'
    if (piece === '?') return '[^/]'
    if (piece === '{') open = true
    if (piece === '}') open = false
    if (piece === '{') return '(?:'
    if (piece === '}') return ')'
    if (piece === ',' && open) return '|'
    return piece.replace(/[\\^$.|+()[\]]/g, '\\$&')
  })
  return new RegExp(`^${source}$`)
}

/** Refuses what the events engine would not take as this domain does. Errors: `invalid_input`. */
export function checkPattern(rest: string, given: string): void {
  if (/[[\]]|\{[^}]*[{/]|\{[^}]*$|\.\.|^[^{]*\}/.test(rest))
    throw new KedgeError('invalid_input', {
      what: `The pattern ${given} may have * ? ** and {a,b} without / in it, but no [ ], no .. and no { } in each other`,
    })
}

/**
 * The files that a pattern names, sorted, relative to the folder, with / between names. A link is refused, because the engine would follow it to
 * wherever it leads. Errors: `invalid_input`, `not_found`, `path_guarded`, `too_large`.
 */
export async function listFiles(folder: string, rest: string, given: string): Promise<string[]> {
  checkPattern(rest, given)
  const wanted = matcher(rest)
  const parts = rest.split('/')
  const deep = parts.some((part) => part.includes('**'))
  /** whether something below a folder can be meant */
  const leads = parts.map((_, i) => matcher(parts.slice(0, i + 1).join('/')))
  const names: string[] = []
  const walk = async (below: string, depth: number): Promise<void> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true }).catch((cause) => {
      throw new KedgeError('path_guarded', { path: given }, { cause })
    })
    for (const entry of entries) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`
      const further = deep || (depth < parts.length - 1 && leads[depth]!.test(name))
      if (entry.isSymbolicLink() && (further || wanted.test(name)))
        throw new KedgeError('path_guarded', { path: join(folder, name) })
      if (entry.isDirectory() && further) await walk(name, depth + 1)
      else if (entry.isFile() && wanted.test(name)) names.push(name)
      if (names.length > mostFiles)
        throw new KedgeError('too_large', { what: `The pattern ${given}`, limit: `${mostFiles} files` })
    }
  }
  await walk('', 0)
  if (names.length === 0)
    throw new KedgeError(
      'not_found',
      { kind: 'A file for the pattern', name: given },
      { todo: 'Check the pattern; files are read on the machine where the server runs.' },
    )
  return names.sort()
}

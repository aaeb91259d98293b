import { KedgeError } from '../errors.ts'

const pinned = /^[A-Za-z0-9][A-Za-z0-9._-]*(\[[^\]]*\])?\s*===?\s*[^\s;*]+\s*(;.*?)?(\s+--hash=\S+)*$/

/**
 * Checks that a requirements file names exact versions only, so that the same file always gives the same environment.
 * Errors: `invalid_input` with every line that does not.
 */
export function checkLockFile(name: string, text: string): { hashed: boolean } {
  const places = []
  let hashes = 0
  let requirements = 0
  // a requirement may go on over lines that end in a backslash
  const lines = text.split(/\r?\n/)
  for (let i = 0; i < lines.length; i++) {
    const at = i + 1
    let line = lines[i]!
    while (line.endsWith('\\') && i + 1 < lines.length) line = `${line.slice(0, -1).trimEnd()} ${lines[++i]!.trim()}`
    line = line.replace(/(^|\s)#.*$/, '').trim()
    if (line === '') continue
    requirements++
    if (line.includes('--hash=')) hashes++
    if (!pinned.test(line))
      places.push({
        where: `${name}:${at}`,
        what: `"${line.slice(0, 100)}" is not a package with an exact version (name==1.2.3)`,
      })
  }
  if (places.length > 0)
    throw new KedgeError(
      'invalid_input',
      {
        what: `The lock file ${name} is not exact: ${places[0]!.where}: ${places[0]!.what}${places.length > 1 ? ` (and ${places.length - 1} more)` : ''}`,
      },
      { places, todo: 'Make it from your requirements with `uv pip compile --generate-hashes` or `pip-compile`.' },
    )
  return { hashed: requirements > 0 && hashes === requirements }
}

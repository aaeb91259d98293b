/** A pattern of keys with named parts, `user:{id}`, and `*` for any text. */
export interface KeyPattern {
  /** as SCAN takes it */
  glob: string
  names: string[]
  /** The values of the named parts; undefined when the key does not fit. */
  match(key: string): string[] | undefined
}

const part = /\{([A-Za-z][A-Za-z0-9_]*)\}|\*/g

/** Reads a pattern. Throws an Error that says what is wrong in it. */
export function keyPattern(pattern: string): KeyPattern {
  const names: string[] = []
  let glob = ''
  let form = ''
  let at = 0
  const plain = (text: string) => {
    if (/[{}]/.test(text)) throw new Error('{ and } are only around the name of a part: {name}')
    glob += text.replace(/[\\?*[\]^]/g, '\\$&')
    form += text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  }
  for (const found of pattern.matchAll(part)) {
    plain(pattern.slice(at, found.index))
    at = found.index + found[0].length
    glob += '*'
    if (found[1] === undefined) form += '.*'
    else {
      names.push(found[1])
      form += '(.+?)'
    }
  }
  plain(pattern.slice(at))
  if (new Set(names).size !== names.length) throw new Error('a name stands twice in the pattern')
  const whole = new RegExp(`^${form}$`, 's')
  return { glob, names, match: (key) => whole.exec(key)?.slice(1) }
}
